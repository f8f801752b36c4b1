import { Resolver } from 'node:dns/promises'
import { resolve } from 'node:path'
import type { Build, Environment } from '@standin/client'
import { eventually, leftovers, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const rounds = 30
const seed = Number(process.env.STANDIN_SEED ?? Date.now() % 1_000_000)
const domain = 'test-envs.localhost'
const settled: Record<string, string> = { running: 'running', suspended: 'suspended', stopped: 'stopped', deleted: 'deleted' }

/** Mulberry32: the same seed gives the same run. */
function random(state: number): () => number {
  let a = state >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe(`kill -9 at ${rounds} random moments (STANDIN_SEED=${seed})`, { timeout: 900_000 }, () => {
  let platform: Platform
  beforeAll(async () => {
    process.stderr.write(`seed ${seed}\n`)
    platform = await Platform.boot()
    await platform.json('template', 'build', resolve(import.meta.dirname, '../examples/shop'))
  }, 90_000)
  afterAll(() => platform?.stop(), 60_000)

  /** A call that is made again until it is answered, with one idempotency key, as every client of ours does. */
  async function call<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const key = crypto.randomUUID()
    return eventually(async () => {
      const response = await fetch(`${platform.running.api}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${platform.token}`,
          'idempotency-key': key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (response.status === 503) return undefined
      return { status: response.status, body: (await response.json()) as T }
    }, 30_000)
  }

  const list = async () => (await call<{ items: Environment[] }>('GET', '/v1/environments?limit=1000')).body.items

  it('loses nothing and leaves nothing', async () => {
    const next = random(seed)
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)] as T
    const killed = { control: 0, gateway: 0, dns: 0 }

    for (let round = 0; round < rounds; round++) {
      const environments = (await list()).filter(({ kind, desired }) => kind === 'clone' && desired !== 'deleted')
      const target = environments.length === 0 ? undefined : pick(environments)
      const verbs =
        target === undefined
          ? ['up', 'build']
          : environments.length > 4
            ? ['suspend', 'resume', 'delete']
            : ['up', 'suspend', 'resume', 'delete', 'build']
      const verb = pick(verbs)
      const part = pick(['control', 'control', 'gateway', 'dns'] as const)
      const delay = next() * (verb === 'up' || verb === 'build' ? 900 : 60)

      const work =
        verb === 'up'
          ? call('POST', '/v1/environments', { template: 'shop' })
          : verb === 'build'
            ? platform.cli('template', 'build', resolve(import.meta.dirname, '../examples/shop'))
            : verb === 'delete'
              ? call('DELETE', `/v1/environments/${target?.id}${next() < 0.5 ? '?purge=true' : ''}`)
              : call('POST', `/v1/environments/${target?.id}/${verb}`, {})
      await new Promise((done) => setTimeout(done, delay))
      const pid = platform.pids()[part]
      process.kill(pid, 'SIGKILL')
      killed[part]++
      await work
      // The supervisor brings the part back; then everything comes to what was wanted, or says why not.
      await eventually(() => (![pid, null].includes(platform.pids()[part]) ? true : undefined), 60_000).catch((error: Error) => {
        throw new Error(`${part} did not come back after round ${round}; start said:\n${platform.said()}`, { cause: error })
      })
      const stuck = await eventually(async () => {
        const open = (await list()).filter(
          ({ kind, state, desired }) => kind === 'build' || (state !== settled[desired] && state !== 'failed'),
        )
        return open.length === 0 ? open : undefined
      }, 60_000).catch(async () => (await list()).map(({ id, kind, state, desired, reason }) => ({ id, kind, state, desired, reason })))
      expect(stuck, `round ${round}: ${verb} while ${part} was killed after ${delay.toFixed(0)} ms`).toEqual([])

      for (const environment of await list()) {
        if (environment.state === 'failed') expect(environment.reason.message, `${environment.id} failed without a reason`).not.toBe('')
        if (environment.state !== 'running') continue
        await eventually(async () => ((await platform.ask(`www-${environment.id}.${domain}`)).status === 200 ? true : undefined), 30_000)
      }
    }
    process.stderr.write(`killed ${JSON.stringify(killed)}\n`)

    const builds = (await call<{ items: Build[] }>('GET', '/v1/builds?limit=1000')).body.items
    expect(builds.filter(({ state }) => state !== 'succeeded' && state !== 'failed')).toEqual([])
    for (const { error, state } of builds) if (state === 'failed') expect(error?.detail).toBeTruthy()

    const ids = (await list()).map(({ id }) => id)
    await platform.deleteAll()
    const left = await eventually(() => {
      const now = leftovers(platform.home)
      return now.processes.length + now.mounts.length + now.environments.length === 0 ? now : undefined
    }, 30_000).catch(() => leftovers(platform.home))
    expect(left).toEqual({ processes: [], mounts: [], environments: [] })
    const routes = async () => (await call<{ items: unknown[] }>('GET', '/v1/routes')).body.items
    await eventually(async () => ((await routes()).length === 0 ? true : undefined)).catch(async () => expect(await routes()).toEqual([]))
    const resolver = new Resolver()
    resolver.setServers([platform.running.dns])
    for (const id of ids) {
      await eventually(() =>
        resolver.resolve4(`web.${id}.${domain}`).then(
          () => undefined,
          () => true,
        ),
      )
      await eventually(async () => ((await platform.ask(`www-${id}.${domain}`)).status === 410 ? true : undefined))
    }
  })
})
