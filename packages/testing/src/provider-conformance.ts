import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostSpec, LogLine, Stack, Step } from '@standin/client'
import type { EnvironmentSpec, InstanceStatus, Observed, Provider, ProviderContext, ProviderHandle } from '@standin/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** What a provider's test tells the suite about the provider under test. */
export interface ConformanceSubject<C> {
  readonly provider: Provider<C>
  readonly config: C
  /** What of an environment can still be found on this machine: processes, mounts, directories. Empty when nothing is left. */
  leftovers(dataDir: string, id: number): Promise<readonly string[]>
  /** Ends the supervisor of an environment as an accident would, without a chance to clean up. */
  killSupervisor?(dataDir: string, id: number): Promise<void>
}

/** The programs that the suite's hosts run; Node is there wherever Standin is. */
const programs: Readonly<Record<string, string>> = {
  'server.js': `
    const { createServer } = require('node:http'); const fs = require('node:fs')
    if (process.env.TOUCH) fs.writeFileSync('data/' + process.env.TOUCH, process.env.STANDIN_INSTANCE)
    createServer((request, response) => {
      if (request.url === '/exit') process.exit(3)
      if (request.url === '/health') { response.statusCode = fs.existsSync('sick') ? 503 : 200 }
      response.end(process.env.STANDIN_INSTANCE)
    }).listen(8080, process.env.LISTEN ?? process.env.STANDIN_ADDRESS, () => console.log('listening'))`,
  'restless.sh': `
    # Forks and leaves its session, over and over: what a freeze must not lose.
    echo restless
    while :; do setsid sh -c 'sleep 0.2; :' & sleep 0.01; done`,
}

/** Holds a provider to the contract of packages/core: every rule is tried on the real thing. */
export function describeProviderConformance<C>(name: string, subject: ConformanceSubject<C>): void {
  describe(`Provider ${name}`, () => {
    let bench: Bench<C>
    beforeEach(async () => {
      bench = await Bench.open(subject)
    })
    afterEach(() => bench.close())

    it('makes an environment of which nothing runs, and again without harm', async () => {
      expect((await bench.handle.observe(1001)).state).toBe('absent')
      expect((await bench.create(stackOf(host('web')))).state).toBe('created')
      expect((await bench.create(stackOf(host('web')))).state).toBe('created')
      expect((await bench.handle.list()).map(({ id, state }) => ({ id, state }))).toEqual([{ id: 1001, state: 'created' }])
    })

    it('starts, stops and starts again, each also twice', async () => {
      await bench.create(stackOf(server('web')))
      const first = await bench.handle.start(1001)
      expect(first.state).toBe('running')
      expect(await bench.get('web-1')).toBe('web-1')
      const again = await bench.handle.start(1001)
      expect(again.instances[0]?.generation).toBe(first.instances[0]?.generation)
      for (const _ of [1, 2]) expect((await bench.handle.stop(1001)).state).toBe('stopped')
      await expect(bench.get('web-1')).rejects.toThrow()
      const second = await bench.handle.start(1001)
      expect(second.instances[0]?.address).toBe(first.instances[0]?.address)
      expect(second.instances[0]?.generation).toBeGreaterThan(first.instances[0]?.generation ?? 0)
    })

    it('gives replicas addresses and names of their own', async () => {
      await bench.create(stackOf(server('web', { replicas: 3 })))
      const { instances } = await bench.handle.start(1001)
      expect(instances.map((instance) => instance.name)).toEqual(['web-1', 'web-2', 'web-3'])
      expect(new Set(instances.map(({ address }) => address)).size).toBe(3)
      for (const { name } of instances) expect(await bench.get(name)).toBe(name)
    })

    it('lets two environments have the same ports and the same names', async () => {
      const stack = stackOf(server('web'), host('peer', { command: 'sleep 1000' }))
      await Promise.all([bench.create(stack, 1001), bench.create(stack, 1002)])
      await Promise.all([bench.handle.start(1001), bench.handle.start(1002)])
      const ask = `node -e "fetch('http://'+process.env.STANDIN_HOST_WEB+':8080').then(r=>r.text()).then(console.log)"; echo $STANDIN_HOST_WEB $STANDIN_ENVIRONMENT_ID`
      for (const id of [1001, 1002]) {
        const { address } = await bench.instance('web-1', id)
        expect((await bench.run('peer', ask, { id })).lines).toEqual(['web-1', `${address} ${id}`])
      }
    })

    it('passes nothing on of its own environment', async () => {
      process.env.STANDIN_TEST_SECRET = 'hidden'
      try {
        await bench.create(stackOf(host('web')))
        const { lines } = await bench.run('web', 'env')
        expect(lines.join('\n')).not.toContain('STANDIN_TEST_SECRET')
        expect(lines).toContain('STANDIN_INSTANCE=web-1')
      } finally {
        delete process.env.STANDIN_TEST_SECRET
      }
    })

    it('starts hosts when what they depend on is ready, and stops them the other way round', async () => {
      const note = (line: string) => `echo ${line} >> shared/order`
      const shared = { mounts: [{ kind: 'volume' as const, source: 'shared', target: '/shared', readOnly: false }] }
      const down = (line: string) => `trap '${note(`${line}-down`)}; exit 0' TERM; ${note(`${line}-up`)}; while :; do sleep 0.02; done`
      await bench.create(
        stackOf(
          host('last', { ...shared, command: down('last'), dependsOn: [after('middle', 'service_started')] }),
          host('middle', { ...shared, command: down('middle'), dependsOn: [after('job', 'service_completed_successfully')] }),
          host('job', { ...shared, command: `sleep 0.1; ${note('job-done')}`, dependsOn: [after('first', 'service_healthy')] }),
          host('first', { ...shared, command: `sleep 0.1; ${down('first')}`, healthCheck: check({ exec: 'test -s shared/order' }) }),
        ),
      )
      await bench.handle.start(1001)
      await eventually(async () => expect((await bench.run('job', 'cat shared/order')).lines).toHaveLength(4))
      await bench.handle.stop(1001)
      const { lines } = await bench.run('job', 'cat shared/order')
      expect(lines.filter((line) => line.endsWith('-up') || line === 'job-done')).toEqual(['first-up', 'job-done', 'middle-up', 'last-up'])
      expect(lines.filter((line) => line.endsWith('-down'))).toEqual(['last-down', 'middle-down', 'first-down'])
    })

    it('starts only what is asked for and what that depends on', async () => {
      await bench.create(
        stackOf(server('web', { dependsOn: [after('db', 'service_started')] }), host('db', sleeping), host('other', sleeping)),
      )
      const { instances } = await bench.handle.start(1001, { hosts: ['web'] })
      expect(Object.fromEntries(instances.map(({ name, state }) => [name, state]))).toEqual({
        'web-1': 'running',
        'db-1': 'running',
        'other-1': 'pending',
      })
      expect((await bench.handle.start(1001)).instances.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
    })

    it('follows the health of an instance', async () => {
      await bench.create(stackOf(server('web', { healthCheck: check({ http: { port: 8080, path: '/health' } }) })))
      expect((await bench.handle.start(1001)).instances[0]).toMatchObject({ state: 'running', health: 'healthy' })
      await bench.run('web', 'touch sick')
      await eventually(async () => expect(await bench.instance('web-1')).toMatchObject({ state: 'unhealthy', health: 'unhealthy' }))
      await bench.run('web', 'rm sick')
      await eventually(async () => expect(await bench.instance('web-1')).toMatchObject({ state: 'running', health: 'healthy' }))
    })

    it('says so when a health check never passes', async () => {
      const healthCheck = check({ exec: 'echo still cold; exit 1' }, { startPeriodMs: 100, intervalMs: 50, retries: 2 })
      await bench.create(stackOf(host('web', { ...sleeping, healthCheck })))
      await expect(bench.handle.start(1001)).rejects.toMatchObject({
        code: 'health_timeout',
        message: expect.stringMatching(/web-1.*still cold/),
      })
      expect(await bench.handle.observe(1001)).toMatchObject({ state: 'failed', failure: { code: 'health_timeout' } })
    })

    it('fails with the last words of a host that ends and is not to be restarted', async () => {
      await bench.create(stackOf(host('web', { command: 'echo no such customer >&2; exit 3', ports: [8080] })))
      await expect(bench.handle.start(1001)).rejects.toMatchObject({
        code: 'host_failed',
        message: expect.stringMatching(/web-1 exited with code 3 after .*no such customer/),
      })
      expect((await bench.handle.observe(1001)).state).toBe('failed')
      expect((await bench.handle.stop(1001)).state).toBe('stopped')
    })

    it('tells what to do about a host that listens on every address', async () => {
      await bench.create(stackOf(server('web', { environment: { LISTEN: '0.0.0.0' } })))
      await expect(bench.handle.start(1001)).rejects.toMatchObject({
        message: expect.stringMatching(/web-1 (listens|tried to listen) on 0\.0\.0\.0:8080.*\$STANDIN_ADDRESS/),
      })
    })

    it('restarts what its policy says, and reports it', async () => {
      const seen: Observed[] = []
      bench.handle.onChange((observed) => seen.push(observed))
      await bench.create(stackOf(server('web', { restart: { policy: 'always', maxRetries: null } })))
      const before = await bench.instanceAfterStart('web-1')
      await bench.get('web-1', '/exit').catch(() => {})
      await eventually(async () => {
        const after = await bench.instance('web-1')
        expect(after).toMatchObject({ state: 'running', restarts: 1, address: before.address })
        expect(after.generation).toBeGreaterThan(before.generation)
      })
      expect(seen.some(({ instances }) => instances[0]?.state === 'exited')).toBe(true)
      expect(seen.at(-1)?.state).toBe('running')
    })

    it('gives up after as many restarts as the policy allows', async () => {
      await bench.create(stackOf(host('web', { command: 'exit 4', ports: [8080], restart: { policy: 'on-failure', maxRetries: 2 } })))
      await expect(bench.handle.start(1001)).rejects.toMatchObject({ message: expect.stringMatching(/code 4.*2 restarts/) })
      expect((await bench.instance('web-1')).restarts).toBe(2)
    })

    it('freezes every process, also those that run away, and thaws them', async () => {
      await bench.create(stackOf(server('web'), host('restless', { command: ['sh', 'restless.sh'] })))
      const { instances } = await bench.handle.start(1001)
      for (const _ of [1, 2]) expect((await bench.handle.suspend(1001)).state).toBe('suspended')
      expect((await bench.handle.observe(1001)).instances.map(({ state }) => state)).toEqual(['suspended', 'suspended'])
      const frozen = await bench.processes(1001)
      expect(frozen.length).toBeGreaterThan(2)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await bench.processes(1001)).toEqual(frozen)
      expect(frozen.filter(({ state }) => state !== 'T' && state !== 'Z')).toEqual([])
      await expect(bench.run('web', 'true')).rejects.toMatchObject({ code: 'state_conflict' })
      for (const _ of [1, 2]) expect((await bench.handle.resume(1001)).state).toBe('running')
      expect(await bench.get('web-1')).toBe('web-1')
      expect((await bench.handle.observe(1001)).instances.map(({ generation }) => generation)).toEqual(
        instances.map(({ generation }) => generation),
      )
      await eventually(async () => expect(await bench.processes(1001)).not.toEqual(frozen))
    })

    it('stops what is suspended', async () => {
      await bench.create(stackOf(server('web')))
      await bench.handle.start(1001)
      await bench.handle.suspend(1001)
      expect((await bench.handle.stop(1001)).state).toBe('stopped')
      expect(await bench.processes(1001)).toEqual([])
    })

    it('kills what does not heed the stop signal, and what its hosts left running', async () => {
      await bench.create(
        stackOf(host('deaf', { command: "trap '' TERM; setsid sleep 1000 & while :; do sleep 1; done", stopGraceMs: 100 })),
      )
      await bench.handle.start(1001)
      expect((await bench.handle.stop(1001)).state).toBe('stopped')
      expect(await bench.processes(1001)).toEqual([])
    })

    it('gives a start up when it is told to, and can be asked again', async () => {
      await bench.create(
        stackOf(server('web', { dependsOn: [after('slow', 'service_completed_successfully')] }), host('slow', { command: 'sleep 0.6' })),
      )
      const giveUp = new AbortController()
      setTimeout(() => giveUp.abort(), 150)
      await expect(bench.handle.start(1001, { signal: giveUp.signal })).rejects.toThrow()
      expect((await bench.handle.start(1001)).state).toBe('running')
    })

    it('ends a start that a purge overtakes', async () => {
      await bench.create(stackOf(host('never', { ...sleeping, healthCheck: check({ exec: 'false' }, { startPeriodMs: 60_000 }) })))
      const start = bench.handle.start(1001).then(
        () => 'up',
        () => 'given up',
      )
      await eventually(async () => expect((await bench.handle.observe(1001)).state).toBe('starting'))
      await bench.handle.purge(1001)
      expect(await start).toBe('given up')
      expect((await bench.handle.observe(1001)).state).toBe('absent')
    })

    it('runs a step with input, lines, exit code, and ends it when its time is up', async () => {
      await bench.create(stackOf(host('web')))
      const fed = await bench.run('web', 'while read line; do echo "got $line"; done; echo bad >&2; exit 7', { input: 'one\ntwo\n' })
      expect(fed.result).toMatchObject({ exitCode: 7, signal: null, timedOut: false })
      expect(fed.lines.sort()).toEqual(['bad', 'got one', 'got two'])
      const late = await bench.run('web', 'echo begun; sleep 1000', { timeoutMs: 1500 })
      expect(late.result).toMatchObject({ timedOut: true, tail: ['begun'] })
      expect(await bench.processes(1001)).toEqual([])
      await expect(bench.run('nobody', 'true')).rejects.toMatchObject({ code: 'host_not_found' })
    })

    it('gives a shell whose input and output are streams', async () => {
      await bench.create(stackOf(server('web', { replicas: 2 })))
      await bench.handle.start(1001)
      const session = await bench.handle.exec(1001, {
        host: 'web',
        ordinal: 2,
        command: ['sh', '-c', 'echo $STANDIN_INSTANCE; cat; echo done >&2; exit 5'],
      })
      session.stdin.end('x'.repeat(300_000))
      const [out, err, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
      expect(out).toBe(`web-2\n${'x'.repeat(300_000)}`)
      expect({ err, exit }).toEqual({ err: 'done\n', exit: { exitCode: 5, signal: null } })
    })

    it('keeps logs by instance, in order of time, also when nothing runs', async () => {
      const begun = Date.now()
      await bench.create(
        stackOf(
          host('a', { command: 'echo one; sleep 0.2; echo three >&2; sleep 1000' }),
          host('b', { command: 'sleep 0.1; echo two; sleep 1000' }),
        ),
      )
      await bench.handle.start(1001)
      const lines = async (query = {}): Promise<LogLine[]> => collect(bench.handle.logs(1001, query), ({ stream }) => stream !== 'system')
      await eventually(async () => expect((await lines()).map(({ line }) => line)).toEqual(['one', 'two', 'three']))
      await bench.handle.stop(1001)
      expect((await lines({ host: 'a' })).map(({ instance, stream, line }) => [instance, stream, line])).toEqual([
        ['a-1', 'stdout', 'one'],
        ['a-1', 'stderr', 'three'],
      ])
      expect(await lines({ until: begun - 1000 })).toEqual([])
      expect(await collect(bench.handle.logs(1001, { tail: 2 }))).toHaveLength(2)
    })

    it('follows logs until it is told to stop', async () => {
      await bench.create(stackOf(host('a', { command: 'n=0; while :; do n=$((n+1)); echo line $n; sleep 0.05; done' })))
      await bench.handle.start(1001)
      const enough = new AbortController()
      const seen: string[] = []
      for await (const { line, stream } of bench.handle.logs(1001, { follow: true, signal: enough.signal })) {
        if (stream === 'stdout') seen.push(line)
        if (seen.length === 6) enough.abort()
      }
      expect(seen.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `line ${n}`))
    })

    it('measures what hosts use', async () => {
      await bench.create(stackOf(server('web'), host('busy', { command: 'while :; do :; done' })))
      await bench.handle.start(1001)
      const stats = await bench.handle.stats(1001)
      const of = (name: string) => stats.hosts.find((each) => each.name === name)
      expect(of('busy')?.cpu).toBeGreaterThan(of('web')?.cpu ?? 1)
      expect(of('web')?.memoryBytes).toBeGreaterThan(1 << 20)
      expect(stats.processes).toBeGreaterThanOrEqual(2)
    })

    it('bakes a template from which clones are made that share nothing', async () => {
      const stack = stackOf(server('web', { mounts: [data] }))
      await bench.create(stack)
      await bench.run('web', 'echo baked > data/base; echo code > made; ln -s data/base link')
      expect((await bench.handle.snapshot(1001, 'shop@1')).sizeBytes).toBeGreaterThan(0)
      expect(await bench.handle.listSnapshots()).toEqual(['shop@1'])
      await bench.handle.purge(1001)
      for (const id of [1002, 1003]) await bench.create(stack, id, { kind: 'template', key: 'shop@1' })
      await Promise.all([bench.handle.start(1002), bench.handle.start(1003)])
      await bench.run('web', 'echo mine > data/order; echo changed > data/base; rm made', { id: 1002 })
      expect((await bench.run('web', 'ls data; cat data/base made link', { id: 1003 })).lines).toEqual(['base', 'baked', 'code', 'baked'])
      await bench.handle.stop(1002)
      expect((await bench.run('web', 'cat data/order data/base; test -e made || echo gone', { id: 1002 })).lines).toEqual([
        'mine',
        'changed',
        'gone',
      ])
      await bench.handle.snapshot(1002, 'shop@2')
      await bench.create(stack, 1004, { kind: 'template', key: 'shop@2' })
      expect((await bench.run('web', 'cat data/order; test -e made || echo gone', { id: 1004 })).lines).toEqual(['mine', 'gone'])
      for (const id of [1002, 1003, 1004]) await bench.handle.purge(id)
      for (const key of ['shop@1', 'shop@2', 'shop@2']) await bench.handle.deleteSnapshot(key)
      expect(await bench.handle.listSnapshots()).toEqual([])
      await expect(bench.create(stack, 1005, { kind: 'template', key: 'shop@1' })).rejects.toMatchObject({ code: 'template_not_found' })
    })

    it('bakes and trashes only what does not run', async () => {
      await bench.create(stackOf(server('web')))
      await bench.handle.start(1001)
      await expect(bench.handle.snapshot(1001, 'shop@1')).rejects.toMatchObject({ code: 'state_conflict' })
      await expect(bench.handle.trash(1001)).rejects.toMatchObject({ code: 'state_conflict' })
      expect(await bench.handle.listSnapshots()).toEqual([])
    })

    it('keeps data in the trash, frees the rest, and brings it back stopped', async () => {
      await bench.create(stackOf(server('web', { mounts: [data] })))
      await bench.handle.start(1001)
      await bench.run('web', 'echo kept > data/file')
      await bench.handle.stop(1001)
      for (const _ of [1, 2]) await bench.handle.trash(1001)
      expect(await bench.handle.observe(1001)).toMatchObject({ state: 'trashed', instances: [] })
      await expect(bench.handle.start(1001)).rejects.toMatchObject({ code: 'state_conflict' })
      for (const _ of [1, 2]) expect((await bench.handle.restore(1001)).state).toBe('stopped')
      expect((await bench.handle.start(1001)).state).toBe('running')
      expect((await bench.run('web', 'cat data/file')).lines).toEqual(['kept'])
    })

    it('adopts what runs when control was killed, and notices what ended meanwhile', async () => {
      await bench.create(stackOf(server('web', { replicas: 2 })))
      const { instances } = await bench.handle.start(1001)
      await bench.reopen()
      expect(await bench.handle.list()).toMatchObject([{ id: 1001, state: 'running' }])
      expect((await bench.handle.observe(1001)).instances.map(({ generation }) => generation)).toEqual(
        instances.map(({ generation }) => generation),
      )
      expect(await bench.get('web-2')).toBe('web-2')
      await bench.handle.suspend(1001)
      await bench.reopen()
      expect((await bench.handle.observe(1001)).state).toBe('suspended')
      await bench.handle.resume(1001)
      await bench.reopen({
        meanwhile: () =>
          fetch(`http://${instances[0]?.address}:8080/exit`).then(
            () => {},
            () => {},
          ),
      })
      await eventually(async () =>
        expect(await bench.handle.observe(1001)).toMatchObject({
          state: 'failed',
          failure: { message: expect.stringContaining('code 3') },
        }),
      )
      expect((await bench.handle.start(1001)).state).toBe('running')
    })

    it.skipIf(subject.killSupervisor === undefined)(
      'reports that its supervisor was killed, leaves nothing running, and starts again',
      async () => {
        const seen: Observed[] = []
        bench.handle.onChange((observed) => seen.push(observed))
        await bench.create(stackOf(server('web', { mounts: [data] })))
        await bench.handle.start(1001)
        await bench.run('web', 'echo kept > data/file')
        await subject.killSupervisor?.(bench.dataDir, 1001)
        await eventually(async () => expect(seen.at(-1)).toMatchObject({ state: 'stopped', failure: { code: 'provider_failed' } }))
        const again = await bench.handle.start(1001)
        expect(again).toMatchObject({ state: 'running', failure: null })
        expect(await bench.get('web-1')).toBe('web-1')
        expect((await bench.run('web', 'cat data/file')).lines).toEqual(['kept'])
      },
    )

    it('leaves nothing behind', async () => {
      await bench.create(stackOf(server('web', { mounts: [data] }), host('restless', { command: ['sh', 'restless.sh'] })))
      await bench.handle.start(1001)
      await bench.run('web', 'mkdir -p data/locked/in; chmod 0 data/locked')
      expect(await subject.leftovers(bench.dataDir, 1001)).not.toEqual([])
      for (const _ of [1, 2]) await bench.handle.purge(1001)
      expect(await bench.handle.list()).toEqual([])
      expect(await bench.processes(1001)).toEqual([])
      expect(await subject.leftovers(bench.dataDir, 1001)).toEqual([])
    })
  })
}

/** A handle on a data directory and a blueprint of its own, and what tests ask of them. */
class Bench<C> {
  readonly dataDir: string
  handle: ProviderHandle
  readonly #subject: ConformanceSubject<C>
  readonly #context: ProviderContext
  readonly #root: string

  private constructor(subject: ConformanceSubject<C>, root: string, context: ProviderContext, handle: ProviderHandle) {
    this.#subject = subject
    this.#root = root
    this.#context = context
    this.dataDir = context.dataDir
    this.handle = handle
  }

  static async open<C>(subject: ConformanceSubject<C>): Promise<Bench<C>> {
    const root = await mkdtemp(join(tmpdir(), 'standin-conformance-'))
    for (const dir of ['data', 'blueprint/app', 'secrets']) await mkdir(join(root, dir), { recursive: true })
    for (const [name, content] of Object.entries(programs)) await writeFile(join(root, 'blueprint/app', name), content)
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    const context = {
      dataDir: join(root, 'data'),
      hiddenDirs: [join(root, 'secrets')],
      domain: 'test.localhost',
      log: quiet,
      now: Date.now,
    }
    return new Bench(subject, root, context, await subject.provider.open(context, subject.config))
  }

  async close(): Promise<void> {
    try {
      for (const { id } of await this.handle.list()) await this.handle.purge(id)
    } finally {
      await this.handle.close()
      await rm(this.#root, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** Another control on the same data; the one before was killed, as far as the environments can tell. */
  async reopen(options: { meanwhile?: () => Promise<void> } = {}): Promise<void> {
    await this.handle.close()
    await options.meanwhile?.()
    this.handle = await this.#subject.provider.open(this.#context, this.#subject.config)
  }

  create(
    stack: Stack,
    id = 1001,
    source: EnvironmentSpec['source'] = { kind: 'blueprint', dir: join(this.#root, 'blueprint') },
  ): Promise<Observed> {
    return this.handle.create({ id, name: `env-${id}`, stack, source })
  }

  async instance(name: string, id = 1001): Promise<InstanceStatus> {
    const found = (await this.handle.observe(id)).instances.find((instance) => instance.name === name)
    if (found === undefined) throw new Error(`no instance ${name}`)
    return found
  }

  async instanceAfterStart(name: string): Promise<InstanceStatus> {
    await this.handle.start(1001)
    return this.instance(name)
  }

  async get(name: string, path = '/'): Promise<string> {
    const { address } = await this.instance(name)
    const response = await fetch(`http://${address}:8080${path}`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })
    return response.text()
  }

  async run(host: string, run: Step['run'], options: { id?: number; input?: string; timeoutMs?: number } = {}) {
    const lines: string[] = []
    const step: Step = { name: 'test', host, run, environment: {}, needs: [], timeoutMs: options.timeoutMs ?? 15_000 }
    const input = options.input === undefined ? {} : { input: options.input }
    const result = await this.handle.run(options.id ?? 1001, { step, ...input, onLine: (_, line) => lines.push(line) })
    return { result, lines }
  }

  processes(id: number): Promise<readonly { readonly pid: number; readonly state: string }[]> {
    return environmentProcesses(id, this.dataDir)
  }
}

/** Processes that were started for an environment, found from outside by what they were started with. Linux. */
export async function environmentProcesses(id: number, dataDir: string): Promise<readonly { pid: number; state: string }[]> {
  const { readdir, readFile } = await import('node:fs/promises')
  const found: { pid: number; state: string }[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
      if (!variables.includes(`STANDIN_ENVIRONMENT_ID=${id}`) || !variables.some((each) => each.startsWith(`STANDIN_DIR=${dataDir}`)))
        continue
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
      found.push({ pid: Number(pid), state: stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '?' })
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}

const sleeping = { command: 'sleep 1000' }
const data = { kind: 'volume' as const, source: 'data', target: '/data', readOnly: false }

export function host(name: string, patch: Partial<HostSpec> = {}): HostSpec {
  return {
    name,
    replicas: 1,
    context: { path: 'app', ignore: [] },
    command: 'sleep 1000',
    workingDir: '.',
    environment: {},
    ports: [],
    mounts: [],
    secrets: [],
    dependsOn: [],
    healthCheck: null,
    restart: { policy: 'no', maxRetries: null },
    stopSignal: 'SIGTERM',
    stopGraceMs: 2000,
    resources: { cpus: null, memoryBytes: null },
    ...patch,
  }
}

function server(name: string, patch: Partial<HostSpec> = {}): HostSpec {
  return host(name, { command: ['node', 'server.js'], ports: [8080], ...patch })
}

export function stackOf(...hosts: HostSpec[]): Stack {
  return {
    name: 'conformance',
    hosts,
    volumes: [...new Set(hosts.flatMap(({ mounts }) => mounts.filter(({ kind }) => kind === 'volume').map(({ source }) => source)))],
    secrets: [],
    publish: [],
    phases: { provision: [], bootstrap: [], configure: [] },
    fixtures: [],
    checks: [],
    launch: [],
    suspendAfterMs: null,
    labels: {},
  }
}

function after(name: string, condition: HostSpec['dependsOn'][number]['condition']): HostSpec['dependsOn'][number] {
  return { host: name, condition, required: true, restart: false }
}

type Check = NonNullable<HostSpec['healthCheck']>

function check(what: Partial<Pick<Check, 'exec' | 'http' | 'tcp'>>, timing: Partial<Check> = {}): Check {
  return {
    exec: null,
    http: null,
    tcp: null,
    intervalMs: 50,
    timeoutMs: 5000,
    retries: 2,
    startPeriodMs: 30_000,
    startIntervalMs: 50,
    ...what,
    ...timing,
  }
}

async function eventually(assertion: () => Promise<unknown>, patienceMs = 10_000): Promise<void> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      await assertion()
      return
    } catch (error) {
      if (performance.now() > until) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function collect<T>(items: AsyncIterable<T>, keep: (item: T) => boolean = () => true): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) if (keep(item)) found.push(item)
  return found
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += chunk.toString()
  return all
}
