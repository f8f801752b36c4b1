import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteEntry } from '@standin/client'
import { type ConnectedClient, connect } from '@standin/client/connect'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SmallControl } from './fixtures/small-control.ts'
import { type Follower, followTable } from './follow-table.ts'

const main = resolve(import.meta.dirname, '../../../apps/control/src/main.ts')
const home = mkdtempSync(join(tmpdir(), 'standin-follower-'))
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
let control: ChildProcess
let standin: ConnectedClient

async function startControl(api: string): Promise<string> {
  control = spawn(process.execPath, [main, '--home', home, '--api', api], { stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: control.stdout as NonNullable<ChildProcess['stdout']> })
  const [line] = (await once(lines, 'line')) as [string]
  return JSON.parse(line).api
}

/** Below those that the system gives to whoever asks for any (ip_local_port_range of Linux): nobody has it while control is away. */
async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    const probe = await SmallControl.start(port).catch(() => undefined)
    await probe?.[Symbol.asyncDispose]()
    if (probe !== undefined) return port
  }
}

async function killControl(): Promise<void> {
  control.kill('SIGKILL')
  await once(control, 'exit')
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(5)
}

/** As the gateway holds it. */
class Routes {
  readonly entries = new Map<number, RouteEntry>()
  readonly follower: Promise<Follower>

  constructor() {
    this.follower = followTable({
      kind: 'routes',
      home,
      tokenName: 'gateway',
      cacheFile: join(home, 'gateway', 'routes.json'),
      log: quiet,
      onSnapshot: ({ items }) => {
        this.entries.clear()
        for (const item of items) this.entries.set(item.environment, item)
      },
      onDelta: ({ put, remove }) => {
        if (put !== null) this.entries.set(put.environment, put)
        if (remove !== null) this.entries.delete(remove)
      },
    })
  }

  port(id: number): number | undefined {
    return this.entries.get(id)?.routes[0]?.endpoints[0]?.port
  }
}

const attach = (name: string, port: number) =>
  standin.environments.attach({ name, services: [{ name: 'www', endpoints: [`127.0.0.1:${port}`] }] })

beforeAll(async () => {
  const url = await startControl(`127.0.0.1:${await steadyPort()}`)
  standin = await connect({ url, token: readFileSync(join(home, 'secrets', 'admin.token'), 'utf8').trim() })
}, 60_000)
afterAll(async () => {
  if (control.exitCode === null && control.signalCode === null) await killControl()
  rmSync(home, { recursive: true, force: true })
})

describe('with the real control', { timeout: 60_000 }, () => {
  it('a follower holds what control holds, whatever is killed', async () => {
    const routes = new Routes()
    const follower = await routes.follower
    const legacy = await attach('legacy', 9001)
    await legacy.waitUntil('running', { timeout: 30_000 })
    await until(() => routes.port(legacy.id) === 9001)
    await attach('legacy', 9002)
    await until(() => routes.port(legacy.id) === 9002)
    const other = await attach('other', 9003)
    await until(() => routes.port(other.id) === 9003)

    await killControl()
    await until(() => follower.status.link !== 'following')
    expect(routes.port(legacy.id)).toBe(9002)
    const { url } = standin
    expect(await startControl(url.replace('http://', ''))).toBe(url)
    await other.delete({ purge: true })
    await until(() => follower.status.link === 'following' && !routes.entries.has(other.id))

    await follower.close()
    await killControl()
    const again = new Routes()
    await again.follower
    expect(again.port(legacy.id)).toBe(9002)
    expect(again.entries.has(other.id)).toBe(false)
    await startControl(url.replace('http://', ''))
    await until(() => again.entries.get(legacy.id)?.state === 'running')
    await (await again.follower).close()
  })

  it('a wait goes on across a restart and ends with the reason', async () => {
    const environment = await attach('waited-for', 9004)
    await environment.waitUntil('running', { timeout: 30_000 })
    const deleted = environment.waitUntil('deleted', { timeout: 30_000 })
    const never = environment.waitUntil(['stopped', 'suspended'], { timeout: 30_000 })
    never.catch(() => undefined)
    await killControl()
    await startControl(standin.url.replace('http://', ''))
    await standin.environments.get('waited-for').then((found) => found.delete({ purge: true, reason: 'no longer needed' }))
    expect((await deleted).state).toBe('deleted')
    await expect(never).rejects.toMatchObject({ code: 'state_unreachable', message: expect.stringContaining('deleted') })
  })
})
