import { definePlugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { expect, it } from 'vitest'
import type { Page } from '../page/page.ts'
import type { PageWriter } from '../writers/page-writer.ts'
import { Publisher } from './publisher.ts'

/** As many as can be made in a test; their share of the 2 s that ten thousand may take, times five. */
const [many, mostSeconds] = [2_000, 2]
const services = (port: number) => [{ name: 'www', endpoints: [`127.0.0.1:${port}`] }]

/** CPU of this process meanwhile, in seconds: control and plugin together. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000_000
}

// Ten thousand take 0.5 to 0.7 s (bench/docs-compare.ts).
it(`of ${many} environments, finds out in less than ${mostSeconds} s of CPU which changed while nobody looked, and writes those and no other`, {
  timeout: 300_000,
}, async () => {
  const written: string[] = []
  const shelf: PageWriter = {
    id: 'shelf',
    format: 'shelf-1',
    write: async ({ key }: Page) => written.push(key),
    remove: async ({ key }) => void written.push(`-${key}`),
    finish: async () => {},
  }
  const plugin = definePlugin({
    id: 'docs',
    config: Type.Object({}),
    setup(context) {
      const publisher = new Publisher(context, [shelf], { dryRun: false, sections: async () => [], onDone: () => {} })
      const run = ({ signal, print }: { signal: AbortSignal; print: (line: string) => void }) => publisher.round(signal, print)
      return { schedules: [{ id: 'minutely', cron: '* * * * *', onMissed: 'skip', run }] }
    },
  })
  await using booted = await bootPlugin(plugin)
  const attach = (index: number, port: number) => booted.client.environments.attach({ name: `shop-${index}`, services: services(port) })
  for (let first = 0; first < many; first += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => attach(first + index, 9000)))
  }
  await round(booted)
  expect(written).toHaveLength(many)
  const changed: number[] = []
  for (const index of [0, 711, many - 1]) changed.push((await attach(index, 9001)).id)
  const gone = (await booted.client.environments.get('shop-17')).id
  await (await booted.client.environments.get(gone)).delete({ purge: true })

  await booted.restart()
  written.length = 0
  const cpu = await cpuOf(() => round(booted))
  expect(written.sort()).toEqual([...changed.map(String), `-${gone}`].sort())
  written.length = 0
  await booted.restart()
  await round(booted)
  expect(written).toEqual([])
  expect(cpu).toBeLessThan(mostSeconds)
})

/** The next minute. It may take longer than a booted plugin is waited for. */
async function round(booted: BootedPlugin): Promise<void> {
  const before = booted.runs('minutely').length
  await booted.advance('1m').catch(() => {})
  while (booted.runs('minutely').length === before || booted.runs('minutely').at(-1)?.state === 'running')
    await booted.settled().catch(() => {})
  expect(booted.runs('minutely').at(-1)).toMatchObject({ state: 'succeeded' })
}
