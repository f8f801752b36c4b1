import { type ChildProcess, execFile, spawn } from 'node:child_process'
import dns from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { flags } from './flags.ts'
import { ScriptedControl } from './testing/scripted-control.ts'
import { domain, entry, snapshot } from './testing/tables.ts'
import { unusedPort } from './testing/unused-port.ts'

let home: string
const running = new Set<ChildProcess>()

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-dns-'))
})

afterEach(async () => {
  for (const child of running) await stop(child, 'SIGKILL')
  await rm(home, { recursive: true, force: true })
})

describe('the resolver as a process', { timeout: 60_000 }, () => {
  it('follows control, goes on without it, and starts again without it from the table on disk', async () => {
    const control = await ScriptedControl.start(home, snapshot(entry(1001)))
    const first = await start()
    const resolver = resolverAt(first.line.dns)
    await until(() => resolver.resolve4(`web.1001.${domain}`), ['127.64.1.1', '127.64.1.2'])
    control.put(entry(1002))
    await until(() => resolver.resolve4(`web-1.1002.${domain}`), ['127.64.2.1'])
    control.remove(1001)
    await until(() => resolver.resolve4(`web.1001.${domain}`).catch((error) => error.code), 'ENOTFOUND')
    await control.stop()
    expect(await resolver.resolve4(`www-1002.${domain}`)).toEqual(['127.0.0.1'])
    expect(await resolver.reverse('127.64.2.1')).toEqual([`web-1.1002.${domain}`])

    expect(await stop(first.child, 'SIGTERM')).toBe(0)
    expect((await stat(join(home, 'dns/records.json'))).mode & 0o777).toBe(0o600)
    const second = await start()
    const again = resolverAt(second.line.dns)
    expect(await again.resolve4(`web-1.1002.${domain}`)).toEqual(['127.64.2.1'])
    await expect(again.resolve4(`web.1001.${domain}`)).rejects.toMatchObject({ code: 'ENOTFOUND' })

    const back = await ScriptedControl.start(home, { ...snapshot(entry(1003)), epoch: 'another' })
    await until(() => again.resolve4(`web-1.1003.${domain}`), ['127.64.3.1'])
    await expect(again.resolve4(`web-1.1002.${domain}`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
    await stop(second.child, 'SIGINT')
    await back.stop()
  })

  it('serves what it knew after `kill -9`', async () => {
    const control = await ScriptedControl.start(home, snapshot(entry(1001)))
    const first = await start()
    const resolver = resolverAt(first.line.dns)
    await until(() => resolver.resolve4(`web-1.1001.${domain}`), ['127.64.1.1'])
    await until(() => stat(join(home, 'dns/records.json')).then((file) => file.isFile()), true)
    await stop(first.child, 'SIGKILL')
    await control.stop()
    const second = await start()
    expect(await resolverAt(second.line.dns).resolve4(`web-1.1001.${domain}`)).toEqual(['127.64.1.1'])
  })

  it('explains its flags, and takes every one that it explains', async () => {
    const run = (flag: string) => promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), flag])
    const { stdout } = await run('--help')
    expect((await run('-h')).stdout).toBe(stdout)
    expect([...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag]) => flag).sort()).toEqual(Object.keys(flags).sort())
  })

  it('ends with one clear error when its port is taken', async () => {
    // One that the system gives to nobody, so that it is not taken for UDP as well.
    const port = await unusedPort('127.0.0.1')
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve))
    const { line, child } = await start('--dns', `127.0.0.1:${port}`)
    expect(line.error).toMatchObject({
      code: 'port_taken',
      detail: `127.0.0.1:${port} is taken for TCP`,
      hint: expect.stringContaining('--listen'),
    })
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1)
    await new Promise((resolve) => squatter.close(resolve))
  })
})

interface Line {
  readonly dns: string
  readonly error?: object
}

/** The first line that it prints; flags given later win. */
async function start(...flags: string[]): Promise<{ readonly child: ChildProcess; readonly line: Line }> {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main, '--home', home, '--upstream', 'none', '--dns', '127.0.0.1:0', ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const [text] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return { child, line: JSON.parse(text) }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  const [code] = await exited
  return code
}

function resolverAt(address: string): dns.Resolver {
  const resolver = new dns.Resolver()
  resolver.setServers([address])
  return resolver
}

/** Asks again until the answer is the expected one; the test's own time limit ends it. */
async function until<T>(ask: () => Promise<T>, expected: unknown): Promise<void> {
  for (;;) {
    const answer = await ask().catch((error: NodeJS.ErrnoException) => error.code)
    if (JSON.stringify(answer) === JSON.stringify(expected)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
