import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment, Problem } from '@standin/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')
let home: string
const children: ChildProcess[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'standin-main-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child, 'SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

/** Starts control and reads the line that it prints. */
function start(...flags: string[]) {
  return startLogging('pipe', ...flags)
}

type Started = { child: ChildProcess; line: { api: string; tokenFile: string; error?: Problem } }

async function startLogging(log: 'pipe' | number, ...flags: string[]): Promise<Started> {
  const child = spawn(process.execPath, [main, '--home', home, '--api', '127.0.0.1:0', ...flags], { stdio: ['ignore', 'pipe', log] })
  children.push(child)
  child.stderr?.resume()
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return { child, line: JSON.parse(line as string) }
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  if (signal !== undefined) child.kill(signal)
  return (await exit)[0] as number | null
}

function call(line: { api: string; tokenFile: string }, path: string, init: RequestInit = {}): Promise<Response> {
  const authorization = `Bearer ${readFileSync(line.tokenFile, 'utf8').trim()}`
  return fetch(`${line.api}${path}`, { ...init, headers: { authorization, 'content-type': 'application/json' } })
}

describe('control as a process', { timeout: 90_000 }, () => {
  it('says where it is, and ends in order on SIGTERM, also while streams are open', async () => {
    const { child, line } = await start()
    for (const file of ['standin.db', 'standin.db-wal']) expect(statSync(join(home, 'control', file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(join(home, 'run', 'control.json'), 'utf8'))).toEqual({ api: line.api, pid: child.pid })
    const stream = await call(line, '/v1/routes?watch=1')
    const reading = stream.text()
    expect(await ended(child, 'SIGTERM')).toBe(0)
    expect(await reading).toContain('event: snapshot')
    expect(existsSync(join(home, 'run', 'control.json'))).toBe(false)
  })

  it.skipIf(!existsSync('/dev/full'))('serves although its log can not be written', async () => {
    const full = openSync('/dev/full', 'w')
    const { child, line } = await startLogging(full, '--log-level', 'trace')
    closeSync(full)
    expect(line.error).toBeUndefined()
    for (const _ of [1, 2, 3]) expect((await call(line, '/v1/environments')).status).toBe(200)
    expect(child.exitCode).toBeNull()
    expect(await ended(child, 'SIGTERM')).toBe(0)
  })

  it('has its home to itself, and names who has it', async () => {
    const first = await start()
    const second = await start()
    expect(second.line.error).toMatchObject({ code: 'home_in_use' })
    expect(second.line.error?.detail).toContain(String(first.child.pid))
    expect(await ended(second.child)).toBe(1)
    // The kernel lets go of the lock with the process.
    await ended(first.child, 'SIGKILL')
    const third = await start()
    expect(third.line.error).toBeUndefined()
  })

  it('says that a port is taken, and which flag to use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { child, line } = await start('--api', `127.0.0.1:${port}`)
    expect(line.error).toMatchObject({ code: 'port_taken' })
    expect(line.error?.detail).toContain(`127.0.0.1:${port}`)
    expect(line.error?.hint).toContain('--api')
    expect(await ended(child)).toBe(1)
    server.close()
  })

  it('says everything that is wrong with its flags', async () => {
    const { child, line } = await start('--trash', 'soon', '--domain', 'no domain', '--gateway', 'ftp://x')
    expect(line.error?.errors?.map((error) => error.path)).toEqual(['--domain', '--gateway', '--trash'])
    expect(await ended(child)).toBe(1)
  })

  it('knows after kill -9 what it answered before', async () => {
    const first = await start()
    const body = JSON.stringify({ name: 'kept', provider: 'attach', services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }] })
    const made = (await (await call(first.line, '/v1/environments', { method: 'POST', body })).json()) as Environment
    await ended(first.child, 'SIGKILL')
    const second = await start()
    const found = (await (await call(second.line, '/v1/environments/kept')).json()) as Environment
    expect(found).toMatchObject({ id: made.id, state: 'running', services: made.services })
  })
})
