import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const bin = resolve(import.meta.dirname, '../../../../bin/standin')
let folder: string
let resolver: ChildProcess
let server: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'standin-cli-dns-'))
  await writeFile(
    join(folder, 'dnsmasq.conf'),
    'no-hosts\nno-resolv\nlocal-ttl=9\naddress=/d.test/192.0.2.1\nlocal=/lan.test/\nsrv-host=_x._tcp.d.test,x.d.test,80\n',
  )
  resolver = spawn(
    bin,
    ['dns', '--conf-file', join(folder, 'dnsmasq.conf'), '--listen', '127.0.0.1:0', '--log', join(folder, 'log'), '--json'],
    {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = (await once(createInterface({ input: resolver.stdout as NodeJS.ReadableStream }), 'line')) as [string]
  server = JSON.parse(line).dns
}, 60_000)
afterAll(async () => {
  const ended = once(resolver, 'exit')
  resolver.kill('SIGINT')
  await ended
  await rm(folder, { recursive: true })
}, 60_000)

const environment = () => ({ PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' })

function run(...words: string[]) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    const child = execFile(bin, words, { env: environment() }, (_, stdout, stderr) => done({ code: child.exitCode, stdout, stderr }))
    child.stdin?.end()
  })
}

describe('standin dns that is told to stop', { timeout: 60_000 }, () => {
  it('takes two signals at once for one, as timeout sends them', async () => {
    const args = ['dns', '--conf-file', join(folder, 'dnsmasq.conf'), '--listen', '127.0.0.1:0', '--log', join(folder, 'log'), '--json']
    const told = spawn(bin, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(told, 'exit')
    await once(createInterface({ input: told.stdout as NodeJS.ReadableStream }), 'line')
    told.kill('SIGINT')
    await pause(10)
    told.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  })
})

describe('standin dig', { timeout: 60_000 }, () => {
  it('shows the answer and the line that gave it, over UDP and TCP', async () => {
    const { code, stdout } = await run('dig', 'x.d.test', '--server', server)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^x\.d\.test\. +9 {2}A +192\.0\.2\.1\n/)
    expect(stdout).toMatch(/\nrule +file: .*dnsmasq\.conf:4: address=\/d\.test\/192\.0\.2\.1; [0-9.]+ ms\n/)
    const told = JSON.parse((await run('dig', 'nope.lan.test', 'aaaa', '--server', server, '--tcp', '--json')).stdout)
    expect(told).toMatchObject({
      ...{ name: 'nope.lan.test', type: 'AAAA', server, transport: 'tcp', status: 'NXDOMAIN', answers: [] },
      rule: { rule: 'file', detail: `${join(folder, 'dnsmasq.conf')}:5: local=/lan.test/` },
    })
    expect((await run('dig', '_x._tcp.d.test', 'SRV', '--server', server)).stdout).toMatch(
      /SRV +0 0 80 x\.d\.test\.\n\nalong +x\.d\.test\. A 192\.0\.2\.1\nstatus /,
    )
    expect((await run('dig', 'foreign.test', '--server', server)).stdout).toMatch(
      /^foreign\.test A was not answered\.\n[\s\S]*rule +nobody: /,
    )
  })

  it('says which part of a bad question is wrong, and what to do', async () => {
    expect(await run('dig', 'a..b', '--server', server)).toMatchObject({ code: 2, stderr: expect.stringContaining("'a..b' is not a name") })
    expect(await run('dig', 'a', 'QQ', '--server', server)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/'QQ' is not a type[\s\S]*AAAA/),
    })
    expect(await run('dig', 'a', '--server', 'nameserver')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--server: 'nameserver'[\s\S]*next:/),
    })
    expect(await run('dig', 'a', '--server', '127.0.0.1:9')).toMatchObject({
      code: 9,
      stderr: expect.stringMatching(/127\.0\.0\.1:9 gave no answer[\s\S]*next:/),
    })
  })
})

describe('standin dns', { timeout: 60_000 }, () => {
  it('reads its file again on SIGHUP', async () => {
    await writeFile(join(folder, 'dnsmasq.conf'), 'no-hosts\nno-resolv\nlocal-ttl=9\naddress=/d.test/192.0.2.2\nlocal=/lan.test/\n')
    resolver.kill('SIGHUP')
    for (;;) {
      const { answers } = JSON.parse((await run('dig', 'x.d.test', '--server', server, '--json')).stdout)
      if (answers[0].data === '192.0.2.2') break
    }
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain('"msg":"the resolver listens"')
  })

  it('tells what is wrong with its flags, its file and its port', async () => {
    expect(await run('dns')).toMatchObject({ code: 2, stderr: expect.stringMatching(/--conf-file is missing[\s\S]*next:/) })
    const file = join(folder, 'bad.conf')
    await writeFile(file, 'adress=/d/1.2.3.4\n')
    expect(await run('dns', '--conf-file', file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/bad\.conf:1: adress[\s\S]*next:/),
    })
    const good = join(folder, 'dnsmasq.conf')
    const flags = await run('dns', '--conf-file', good, '--workers', 'x', '--allow', '10.0.0.1/8')
    expect(flags).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/2 flags[\s\S]*--allow 10\.0\.0\.1\/8[\s\S]*--workers x[\s\S]*standin dns --help/),
    })
    expect(await run('dns', '--conf-file', good, '--listen', server)).toMatchObject({
      code: 8,
      stderr: expect.stringContaining(`${server} is taken`),
    })
  })
})

describe('standin dns install', { timeout: 60_000 }, () => {
  const root = async (files: Record<string, string>) => {
    const place = await mkdtemp(join(folder, 'root-'))
    for (const [file, text] of Object.entries(files)) {
      await mkdir(resolve(place, file, '..'), { recursive: true })
      if (text.startsWith('-> ')) await symlink(text.slice(3), join(place, file))
      else await writeFile(join(place, file), text)
    }
    return place
  }
  const whose = ['--domain', 'test-envs.internal', '--server', '127.0.0.1:5354']
  const install = (place: string, ...words: string[]) => run('dns', 'install', ...whose, '--root', place, ...words)

  it.each([
    [
      'systemd-resolved',
      { 'etc/resolv.conf': '-> ../run/systemd/resolve/stub-resolv.conf' },
      'DNS=127.0.0.1:5354\nDomains=~test-envs.internal',
    ],
    ['systemd-resolved', { 'etc/resolv.conf': 'nameserver 127.0.0.53\n' }, 'DNS=127.0.0.1:5354\nDomains=~test-envs.internal'],
    ['networkmanager', { 'etc/NetworkManager/conf.d/dns.conf': '[main]\ndns=dnsmasq\n' }, 'server=/test-envs.internal/127.0.0.1#5354'],
  ])('finds %s, prints, writes, and takes away what points it here', async (kind, files, text) => {
    const place = await root(files)
    const printed = JSON.parse((await install(place, '--json')).stdout)
    expect(printed).toMatchObject({ kind, content: expect.stringContaining(text) })
    await expect(readFile(join(place, printed.file))).rejects.toMatchObject({ code: 'ENOENT' })
    const written = await install(place, '--apply')
    expect(written).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Wrote [\s\S]*Undo it with: standin dns install --remove/) })
    expect(await readFile(join(place, printed.file), 'utf8')).toBe(printed.content)
    expect((await install(place, '--apply')).stdout).toContain('nothing was changed')
    expect(await install(place, '--remove')).toMatchObject({ code: 0, stdout: expect.stringContaining('Removed') })
    await expect(readFile(join(place, printed.file))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await install(place, '--remove')).stdout).toMatch(/^There is no .*; nothing was changed/)
  })

  it('warns where systemd-resolved would ask nobody: names below localhost', async () => {
    const place = await root({})
    const printed = (domain: string) =>
      run('dns', 'install', '--for', 'systemd-resolved', ...whose.slice(2), '--root', place, '--domain', domain)
    expect((await printed('test-envs.localhost')).stderr).toMatch(/warning: systemd-resolved asks nobody[\s\S]*--domain/)
    expect((await printed('test-envs.internal')).stderr).not.toContain('warning')
  })

  it('writes for macOS, with the port on a line of its own', async () => {
    const place = await root({})
    await install(place, '--for', 'macos', '--apply')
    expect(await readFile(join(place, 'etc/resolver/test-envs.internal'), 'utf8')).toContain('\nnameserver 127.0.0.1\nport 5354\n')
  })

  it('says so where nothing is known, nothing runs, or somebody else wrote the file', async () => {
    expect(await install(await root({}))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Neither systemd-resolved nor[\s\S]*--for/),
    })
    expect(await run('dns', 'install', '--for', 'macos')).toMatchObject({ code: 9, stderr: expect.stringContaining('does not run') })
    expect(await install(await root({}), '--for', 'macos', '--apply', '--remove')).toMatchObject({ code: 2 })
    const place = await root({ 'etc/systemd/resolved.conf.d/standin.conf': '[Resolve]\nDNS=192.0.2.1\n' })
    for (const deed of ['--apply', '--remove']) {
      expect(await install(place, '--for', 'systemd-resolved', deed)).toMatchObject({
        code: 8,
        stderr: expect.stringContaining('not written by Standin'),
      })
    }
    const file = await root({ 'etc/systemd': 'a file' })
    expect(await install(file, '--for', 'systemd-resolved', '--apply')).toMatchObject({ code: 2, stderr: expect.stringContaining('next:') })
  })

  // Root may write everywhere: there is nothing to try.
  if (process.getuid?.() !== 0) {
    it('says that only root may', async () => {
      const place = await root({})
      await chmod(place, 0o500)
      expect(await install(place, '--for', 'macos', '--apply')).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/Only root may write[\s\S]*sudo/),
      })
      await chmod(place, 0o700)
    })
  }
})
