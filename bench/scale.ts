import { Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Environment } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { quantile, table, timed } from './figures.ts'

const domain = 'test-envs.localhost'
const clones = 30
const attachments = 10_000

/** Resident memory of a process, MiB. */
const residentMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function inBatches<T>(items: readonly T[], size: number, work: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += size) await Promise.all(items.slice(start, start + size).map(work))
}

async function thirtyClones(platform: Platform): Promise<void> {
  await platform.json('template', 'build', resolve(import.meta.dirname, '../examples/shop'))
  const resolver = new Resolver()
  resolver.setServers([platform.running.dns])
  const ids: number[] = []
  const all = (work: (id: number) => Promise<unknown>) => timed(() => Promise.all(ids.map(work)))
  const answers = (id: number) =>
    eventually(async () => ((await platform.ask(`www-${id}.${domain}`)).status === 200 ? true : undefined), 120_000)
  const is = (id: number, state: string) =>
    eventually(
      async () => ((await platform.api<Environment>('GET', `/v1/environments/${id}`)).body.state === state ? true : undefined),
      120_000,
    )

  const up = await timed(async () => {
    for (let clone = 0; clone < clones; clone++)
      ids.push((await platform.api<Environment>('POST', '/v1/environments', { template: 'shop' })).body.id)
    await Promise.all(ids.map(answers))
  })
  const listed = await timed(() => platform.json('list'))
  const resolved = await all(async (id) => {
    if ((await resolver.resolve4(`web.${id}.${domain}`)).length !== 2) throw new Error(`web.${id} has not two addresses`)
  })
  const routed = await all(answers)
  const suspended = await all(async (id) => {
    await platform.api('POST', `/v1/environments/${id}/suspend`, {})
    await is(id, 'suspended')
  })
  const woken = await all(answers)
  const deleted = await timed(() => platform.deleteAll())
  table(
    [`${clones} clones of shop, all at once`, 'seconds'],
    [
      ['up, to the first 200 of each', up / 1000],
      ['`standin list`', listed / 1000],
      ['names resolved', resolved / 1000],
      ['a page of each', routed / 1000],
      ['suspended', suspended / 1000],
      ['woken by a request to each', woken / 1000],
      ['deleted and purged', deleted / 1000],
    ],
  )
}

async function manyAttachments(platform: Platform): Promise<void> {
  const numbers = Array.from({ length: attachments }, (_, index) => index)
  const attached = await timed(() =>
    inBatches(numbers, 50, async (number) => {
      const { status } = await platform.api('POST', '/v1/environments', {
        name: `e${number}`,
        provider: 'attach',
        services: [{ name: 'www', endpoints: ['127.0.0.1:9'] }],
      })
      if (status !== 201) throw new Error(`attachment ${number}: ${status}`)
    }),
  )
  const pages: number[] = []
  for (let round = 0; round < 100; round++) pages.push(await timed(() => platform.api('GET', '/v1/environments?limit=100')))
  await eventually(async () => ((await platform.ask(`www-${1000 + attachments}.${domain}`)).status !== 404 ? true : undefined))
  const { routes, names } = await timeToBeSeen(platform)
  const { control, gateway, dns } = platform.pids()
  table(
    [`${attachments} attached environments`, 'figure'],
    [
      ['attached, s', attached / 1000],
      ['list, a page of 100, p50 ms', quantile(pages, 0.5)],
      ['list, a page of 100, p95 ms', quantile(pages, 0.95)],
      ['from the answered commit to the first request that sees it, p50 ms', quantile(routes, 0.5)],
      ['the same, p99 ms', quantile(routes, 0.99)],
      ['from the answered commit to the new name resolving, p50 ms', quantile(names, 0.5)],
      ['the same, p99 ms', quantile(names, 0.99)],
      ['control, MiB resident', residentMiB(control)],
      ['gateway, MiB resident', residentMiB(gateway)],
      ['resolver, MiB resident', residentMiB(dns)],
    ],
  )
}

/** Milliseconds from control's answer until gateway and resolver know a new environment, asked again and again. */
async function timeToBeSeen(platform: Platform): Promise<{ routes: number[]; names: number[] }> {
  const resolver = new Resolver()
  resolver.setServers([platform.running.dns])
  const routes: number[] = []
  const names: number[] = []
  for (let change = 0; change < 300; change++) {
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
    const { body } = await platform.api<Environment>('POST', '/v1/environments', { name: `late${change}`, provider: 'attach', services })
    const host = `www-${body.id}.${domain}`
    if (change % 2 === 0) {
      routes.push(
        await timed(async () => {
          while ((await platform.ask(host)).status === 404);
        }),
      )
    } else {
      names.push(
        await timed(async () => {
          while ((await resolver.resolve4(host).catch(() => [])).length === 0);
        }),
      )
    }
    await new Promise((done) => setTimeout(done, 20))
  }
  return { routes, names }
}

export async function bench(): Promise<void> {
  {
    await using platform = await Platform.boot()
    await thirtyClones(platform)
  }
  console.log()
  await using platform = await Platform.boot()
  await manyAttachments(platform)
}
