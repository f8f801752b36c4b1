import { Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Environment } from '@standin/client'
import { eventually, leftovers, Platform } from '@standin/testing'
import { describe, expect, it } from 'vitest'

const domain = 'test-envs.localhost'
const residentMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

describe('many environments', { timeout: 300_000 }, () => {
  it('runs thirty clones at once: listed, resolved, routed, suspended, woken, deleted', async () => {
    await using platform = await Platform.boot()
    await platform.json('template', 'build', resolve(import.meta.dirname, '../examples/shop'))
    const resolver = new Resolver()
    resolver.setServers([platform.running.dns])
    const created = await Promise.all(
      Array.from({ length: 30 }, () => platform.api<Environment>('POST', '/v1/environments', { template: 'shop' })),
    )
    const ids = created.map(({ body }) => body.id)
    const answers = (id: number) =>
      eventually(async () => ((await platform.ask(`www-${id}.${domain}`)).status === 200 ? true : undefined), 120_000)
    await Promise.all(ids.map(answers))

    const listed = await platform.json<(Environment & { stats: unknown })[]>('list')
    expect(listed.map(({ id, state }) => [id, state]).toSorted()).toEqual(ids.map((id) => [id, 'running']).toSorted())
    const addresses = (await Promise.all(ids.map((id) => resolver.resolve4(`web.${id}.${domain}`)))).flat()
    expect(new Set(addresses).size).toBe(60)

    await Promise.all(ids.map((id) => platform.api('POST', `/v1/environments/${id}/suspend`, {})))
    await eventually(async () => {
      const { body } = await platform.api<{ items: unknown[] }>('GET', '/v1/environments?state=suspended')
      return body.items.length === 30 ? true : undefined
    }, 60_000)
    await Promise.all(ids.map(answers))

    await platform.deleteAll()
    await expect.poll(() => leftovers(platform.home), { timeout: 30_000 }).toEqual({ processes: [], mounts: [], environments: [] })
  })

  it('knows ten thousand attached environments within 300 MiB each of control and gateway', async () => {
    await using platform = await Platform.boot()
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
    for (let first = 0; first < 10_000; first += 50) {
      const batch = Array.from({ length: 50 }, (_, index) =>
        platform.api('POST', '/v1/environments', { name: `e${first + index}`, provider: 'attach', services }),
      )
      for (const { status } of await Promise.all(batch)) expect(status).toBe(201)
    }
    // The last one is routed; nobody listens there, so the gateway says that it was not answered.
    await eventually(async () => ((await platform.ask(`www-11000.${domain}`)).status === 502 ? true : undefined))
    const times: number[] = []
    let cursor = ''
    for (let page = 0; page < 100; page++) {
      const started = performance.now()
      const { body } = await platform.api<{ items: unknown[]; nextCursor: string | null }>('GET', `/v1/environments?limit=100${cursor}`)
      times.push(performance.now() - started)
      expect(body.items).toHaveLength(100)
      cursor = `&cursor=${body.nextCursor}`
    }
    // Measured: 10 ms. This guards the order of magnitude.
    expect(times.toSorted((a, b) => a - b)[95]).toBeLessThan(1000)
    const { control, gateway } = platform.pids()
    expect(residentMiB(control)).toBeLessThan(300)
    expect(residentMiB(gateway)).toBeLessThan(300)
  })
})
