import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Stack } from '@standin/client'
import type { ProviderHandle, RunResult } from '@standin/core'
import { environmentProcesses, host, stackOf } from '@standin/testing/provider-conformance'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { detect, type ProcessConfig, processProvider } from './index.ts'
import { keeperProcess, onlyChild } from './keeper-process.ts'

const detectDir = mkdtempSync(join(tmpdir(), 'standin-detect-'))
const { isolation } = await detect(detectDir)
rmSync(detectDir, { recursive: true })
if (!isolation.namespaces) process.stderr.write('skipped: this machine permits no namespaces; see standin doctor\n')
const root = process.getuid?.() === 0

const day = fileURLToPath(new URL('./testing/as-another-user.ts', import.meta.url))
const asAnotherUser = ['--reuid=65534', '--regid=65534', '--clear-groups']
const anotherUserMay =
  root &&
  spawnSync('setpriv', [...asAnotherUser, 'unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', 'cat', day]).status === 0
if (root && !anotherUserMay) process.stderr.write('skipped: another user may not make user namespaces here, or not read this folder\n')

describe.skipIf(!isolation.namespaces)('an environment in namespaces', () => {
  let home: string
  let handle: ProviderHandle

  const open = (dataDir = join(home, 'data'), config: ProcessConfig = {}): Promise<ProviderHandle> => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    return processProvider.open(
      { dataDir, hiddenDirs: [join(home, 'secrets')], domain: 'test.localhost', log: quiet, now: Date.now },
      config,
    )
  }
  const create = (stack: Stack, id = 1001) =>
    handle.create({ id, name: 'test', stack, source: { kind: 'blueprint', dir: join(home, 'blueprint') } })
  const run = async (command: string, id = 1001): Promise<{ result: RunResult; lines: string[] }> => {
    const lines: string[] = []
    const step = { name: 'test', host: 'web', run: command, environment: {}, needs: [], timeoutMs: 15_000 }
    const result = await handle.run(id, { step, onLine: (_, line) => lines.push(line) })
    return { result, lines }
  }

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'standin-isolation-'))
    for (const dir of ['data', 'secrets', 'blueprint/app/seed', 'blueprint/conf']) mkdirSync(join(home, dir), { recursive: true })
    writeFileSync(join(home, 'secrets/admin.token'), 'top secret')
    writeFileSync(join(home, 'blueprint/app/seed/rows'), 'from the image')
    writeFileSync(join(home, 'blueprint/app/debug.log'), 'left out')
    writeFileSync(join(home, 'blueprint/conf/site.conf'), 'conf')
    writeFileSync(join(home, 'blueprint/key.txt'), 'the key')
    handle = await open()
  })
  afterEach(async () => {
    for (const { id } of await handle.list()) await handle.purge(id)
    await handle.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })

  it('finds its hosts by name, and only its own', async () => {
    await create(stackOf(host('web', { replicas: 2 }), host('db-main')))
    const { instances } = await handle.observe(1001)
    const address = (name: string) => instances.find((instance) => instance.name === name)?.address
    const { lines } = await run(
      'for name in db-main web-2 db-main-1.1001.test.localhost; do getent ahostsv4 $name | head -1 | cut -d" " -f1; done; getent hosts $STANDIN_ADDRESS | tr -s " " | cut -d" " -f2; hostname >/dev/null && getent hosts localhost >/dev/null && echo local',
    )
    expect(lines).toEqual([address('db-main-1'), address('web-2'), address('db-main-1'), 'web-1', 'local'])
  })

  it('is at the same path in every clone, and sees neither secrets nor other environments', async () => {
    await create(stackOf(host('web')), 1001)
    await create(stackOf(host('web')), 1002)
    const looks = await Promise.all([1001, 1002].map((id) => run('pwd; cat ../../../environments/*/environment.json', id)))
    const look = `cat '${home}/secrets/admin.token'; ls '${home}/data' '${home}/data/mnt'`
    expect(looks[0]?.lines[0]).toBe(join(home, 'data/mnt/hosts/web'))
    expect(looks.map(({ lines }) => lines[0])).toEqual([looks[0]?.lines[0], looks[0]?.lines[0]])
    for (const { result } of looks) expect(result.exitCode).not.toBe(0)
    const { lines } = await run(look)
    expect(lines.join('\n')).not.toContain('top secret')
    expect(lines.filter((line) => !line.startsWith('cat:'))).toEqual([
      `${home}/data:`,
      'mnt',
      '',
      `${home}/data/mnt:`,
      'binds',
      'hosts',
      'secrets',
      'tmp',
      'volumes',
    ])
  })

  it('sees nothing of a hidden directory that its own files are in', async () => {
    await handle.close()
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    handle = await processProvider.open(
      { dataDir: join(home, 'data'), hiddenDirs: [home], domain: 'test.localhost', log: quiet, now: Date.now },
      {},
    )
    mkdirSync(join(home, 'run'))
    writeFileSync(join(home, 'run/control.json'), 'where control is')
    await create(stackOf(host('web')))
    const { lines } = await run(
      `pwd; find '${home}' -maxdepth 2; echo evil > '${home}/run/control.json'; mkdir '${home}/run'; echo evil > '${home}/evil'`,
    )
    expect(lines.filter((line) => !/^(sh|mkdir):/.test(line))).toEqual([
      join(home, 'data/mnt/hosts/web'),
      home,
      `${home}/data`,
      `${home}/data/mnt`,
    ])
    expect(readFileSync(join(home, 'run/control.json'), 'utf8')).toBe('where control is')
  })

  it('can not take away what hides the secrets, nor reach around it', async () => {
    await create(stackOf(host('web')))
    const { lines } = await run(
      `umount '${home}/secrets'; cat /proc/[0-9]*/cwd/environment.json; cat '${home}/secrets/admin.token'; nsenter -t 1 -m true && echo entered`,
    )
    expect(lines.join('\n')).not.toMatch(/top secret|"version"|entered/)
  })

  it('mounts volumes, blueprint files and secrets where they are wanted', async () => {
    await create({
      ...stackOf(
        host('web', {
          context: { path: 'app', ignore: ['*.log', '**/*.log'] },
          mounts: [
            { kind: 'volume', source: 'seed', target: '/seed', readOnly: false },
            { kind: 'bind', source: './conf', target: '/etc/site', readOnly: true },
          ],
          secrets: [{ name: 'key', target: '/run/secrets/key' }],
        }),
      ),
      secrets: [{ name: 'key', file: 'key.txt', environment: null }],
    })
    const { lines } = await run(
      'ls; cat seed/rows; echo; cat etc/site/site.conf; echo; cat run/secrets/key; echo; echo x > etc/site/new || echo read-only',
    )
    expect(lines.filter((line) => !line.startsWith('sh:'))).toEqual([
      'etc',
      'run',
      'seed',
      'from the image',
      'conf',
      'the key',
      'read-only',
    ])
    await handle.stop(1001)
    await handle.snapshot(1001, 'shop@1')
    await handle.create({ id: 1002, name: 'clone', stack: (await record(1001)).stack, source: { kind: 'template', key: 'shop@1' } })
    expect((await run('cat seed/rows etc/site/site.conf run/secrets/key', 1002)).lines.join('')).toBe('from the imageconfthe key')
  })

  const record = async (id: number): Promise<{ stack: Stack }> =>
    JSON.parse(readFileSync(join(home, 'data/environments', String(id), 'environment.json'), 'utf8'))

  it.each(['its connection is closed', 'it is killed'])('keeps a job of a shell frozen that ignores SIGHUP, also when %s', async (how) => {
    await create(stackOf(host('web')))
    await handle.start(1001)
    const script = 'set -m; (trap "" HUP; while :; do echo tick >> ticks; sleep 0.02; done) & wait'
    const socket = connect(join(home, 'data/environments/1001/keeper.sock'))
    const request = { id: 1, op: 'exec', host: 'web', ordinal: 1, environment: {}, workingDir: null, tty: null }
    socket.write(`${JSON.stringify({ ...request, command: ['bash', '-c', script] })}\n`)
    await run('until [ -s ticks ]; do sleep 0.01; done')
    const ticks = (): number => readFileSync(join(home, 'data/environments/1001/tree/hosts/web/ticks')).length
    const commands = (await environmentProcesses(1001, join(home, 'data'))).map(async ({ pid }) => {
      // Some end meanwhile.
      return { pid, command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') }
    })
    const shell = (await Promise.all(commands)).find(({ command }) => command.startsWith('bash\0-c\0set -m'))
    if (shell === undefined) throw new Error('no shell')
    await handle.suspend(1001)
    if (how === 'it is killed') process.kill(shell.pid, 'SIGKILL')
    else socket.destroy()
    // Longer than a closed connection has before it is ended for good.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const later = ticks()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(ticks()).toBe(later)
    socket.destroy()
    expect((await handle.resume(1001)).state).toBe('running')
  })

  it('starts nothing while it is suspended, and goes on with the start afterwards', async () => {
    const dependsOn = [{ host: 'web', condition: 'service_healthy' as const, required: false, restart: false }]
    await create(stackOf(host('web', { ports: [8080] }), host('late', { dependsOn })))
    const started = handle.start(1001).catch((error: unknown) => error)
    const instances = async () => (await handle.observe(1001)).instances
    await vi.waitUntil(async () => (await instances())[0]?.pid, { timeout: 10_000 })
    await handle.suspend(1001)
    process.kill((await instances())[0]?.pid ?? 0, 'SIGKILL')
    // It fails, and whoever can do without it has its turn.
    expect(await started).toMatchObject({ code: 'host_failed' })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await instances()).map(({ pid }) => pid)).toEqual([null, null])
    await handle.resume(1001)
    await vi.waitUntil(async () => (await instances())[1]?.state === 'running', { timeout: 10_000 })
  })

  it('leaves nothing running of a command on an environment that is not started, also without namespaces', async () => {
    await handle.close()
    handle = await open(join(home, 'data'), { isolation: 'none' })
    await create(stackOf(host('web')))
    expect((await run('(trap "" HUP; exec setsid sleep 1000) >/dev/null 2>&1 & sleep 0.1')).result.exitCode).toBe(0)
    await vi.waitUntil(async () => (await environmentProcesses(1001, join(home, 'data'))).length === 0, { timeout: 8000 })
    expect((await run('echo again')).lines).toEqual(['again'])
  })

  it.skipIf(!isolation.terminal)('gives a terminal of the size that is asked for', async () => {
    await create(stackOf(host('web')))
    const session = await handle.exec(1001, {
      host: 'web',
      command: ['sh', '-c', 'test -t 0 && test -t 1 && stty size; read -r word; echo "it\'s $word"; exit 4'],
      tty: { columns: 101, rows: 31 },
    })
    let said = ''
    session.stdout.on('data', (chunk) => {
      said += chunk
    })
    session.stdin.write('typed\r')
    expect((await session.exited).exitCode).toBe(4)
    expect(said).toContain('31 101')
    expect(said).toContain("it's typed")
  })

  it.each(['unshare', 'pid 1', 'keeper'])('loses every process, and nothing else, when its %s is killed', async (victim) => {
    await create(stackOf(host('web', { command: 'echo data > file; setsid sh -c "sleep 1000 & sleep 1000" & sleep 1000' })))
    await handle.start(1001)
    const dir = join(home, 'data/environments/1001')
    const init = await keeperProcess(dir)
    if (init === null) throw new Error('no keeper')
    const pids = {
      'pid 1': init.pid,
      unshare: Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${init.pid}/status`, 'utf8'))?.[1]),
      keeper: Number(await onlyChild(init.pid)),
    }
    const lost = new Promise((resolve) => handle.onChange(({ state }) => state === 'stopped' && resolve(state)))
    process.kill(pids[victim as keyof typeof pids], 'SIGKILL')
    await lost
    expect(await environmentProcesses(1001, join(home, 'data'))).toEqual([])
    expect(await handle.observe(1001)).toMatchObject({ state: 'stopped', failure: { code: 'provider_failed' } })
    expect((await handle.start(1001)).state).toBe('running')
    expect((await run('cat file')).lines).toEqual(['data'])
  })

  it('clears up what a killed control left half made or half removed', async () => {
    await handle.close()
    for (const name of ['environment-1007-abc/tree', 'removed-123/tree/locked', 'template-9/tree'])
      mkdirSync(join(home, 'data/tmp', name), { recursive: true })
    chmodSync(join(home, 'data/tmp/removed-123/tree/locked'), 0)
    handle = await open()
    expect(readdirSync(join(home, 'data/tmp')).filter((name) => !name.startsWith('go-'))).toEqual([])
    expect(await handle.list()).toEqual([])
  })

  it('goes on with what a crash of the machine tore: only an environment whose record is lost can not be used', async () => {
    for (const id of [1001, 1002, 1003]) await create(stackOf(host('web')), id)
    await handle.close()
    const file = (id: number, name: string): string => join(home, 'data/environments', String(id), name)
    writeFileSync(file(1001, 'state.json'), '{"version":1,"des')
    writeFileSync(file(1001, 'launch.json'), '')
    writeFileSync(file(1002, 'environment.json'), '')
    handle = await open()
    const list = [...(await handle.list())].sort((a, b) => a.id - b.id)
    expect(list.map(({ id, state, failure }) => [id, state, failure?.code])).toEqual([
      [1001, 'created', undefined],
      [1002, 'stopped', 'provider_failed'],
      [1003, 'created', undefined],
    ])
    expect(list[1]?.failure?.message).toContain(file(1002, 'environment.json'))
    await expect(handle.start(1002)).rejects.toMatchObject({
      code: 'provider_failed',
      message: expect.stringContaining('environment.json'),
    })
    expect((await handle.start(1001)).state).toBe('running')
    await handle.purge(1002)
    expect(readdirSync(join(home, 'data/environments')).sort()).toEqual(['1001', '1003'])
    expect((await handle.observe(1002)).state).toBe('absent')
  })

  it('works below a directory whose path is longer than a socket may have', async () => {
    const deep = join(home, 'd'.repeat(60), 'e'.repeat(60))
    mkdirSync(deep, { recursive: true })
    const other = await open(deep)
    await other.create({ id: 1001, name: 'deep', stack: stackOf(host('web')), source: { kind: 'blueprint', dir: join(home, 'blueprint') } })
    expect((await other.start(1001)).state).toBe('running')
    await other.purge(1001)
    await other.close()
  })

  it.skipIf(!root)('says that the disk is full, and leaves nothing of what it began', async () => {
    const small = join(home, 'small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      writeFileSync(join(home, 'blueprint/app/big'), Buffer.alloc(2 << 20))
      const other = await open(small)
      const big = {
        id: 1001,
        name: 'big',
        stack: stackOf(host('web')),
        source: { kind: 'blueprint' as const, dir: join(home, 'blueprint') },
      }
      await expect(other.create(big)).rejects.toMatchObject({ code: 'disk_full' })
      expect(await other.list()).toEqual([])
      expect(readdirSync(join(small, 'environments'))).toEqual([])
      expect(readdirSync(join(small, 'tmp')).filter((name) => !name.startsWith('go-'))).toEqual([])
      rmSync(join(home, 'blueprint/app/big'))
      const filler = host('web', { command: 'dd if=/dev/zero of=fill bs=4k 2>/dev/null; echo more >> fill', ports: [8080] })
      await other.create({ ...big, stack: stackOf(filler) })
      await expect(other.start(1001)).rejects.toMatchObject({ code: 'disk_full' })
      await other.purge(1001)
      await other.close()
    } finally {
      execFileSync('umount', ['-l', small])
    }
  })

  it.skipIf(!anotherUserMay)('works for a user who is not root', { timeout: 60_000 }, async () => {
    chmodSync(home, 0o777)
    const own = join(home, 'own')
    mkdirSync(own)
    chmodSync(own, 0o777)
    const stack = stackOf(host('web', { mounts: [{ kind: 'volume', source: 'data', target: '/data', readOnly: false }] }))
    const words = [...asAnotherUser, realpathSync(process.execPath), day, own, join(home, 'blueprint'), JSON.stringify(stack)]
    const child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: dirname(day), env: { PATH: process.env.PATH } })
    let [said, wrong] = ['', '']
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    child.stderr.on('data', (chunk) => {
      wrong += chunk
    })
    // Not `exit`, after which there may be more to read.
    await new Promise((resolve) => child.once('close', resolve))
    expect({ wrong, ...JSON.parse(said || '{}') }).toEqual({
      wrong: '',
      namespaces: true,
      states: ['created', 'running', 'suspended', 'running', 'stopped'],
      user: '65534:65534',
      capabilities: '0000000000000000',
      clone: ['from the base', 'mine'],
      left: [],
    })
    for (const id of [1001, 1002]) expect(await environmentProcesses(id, own)).toEqual([])
  })
})
