import type { PluginContext } from '@standin/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { MapStore } from './fixtures/map-store.ts'
import { SimulatedControl } from './fixtures/simulated-control.ts'
import { metering } from './metering.ts'
import { sumUp } from './sum-up.ts'
import type { UsageSpan } from './usage-span.ts'

const { signal } = new AbortController()
const hour = 3_600_000
let control: SimulatedControl
let store: MapStore
let usage: ReturnType<typeof metering>
let handled: number
const logged: string[] = []

const start = async (room?: number) => {
  const log = {
    debug() {},
    info: (_: object, line: string) => void logged.push(line),
    warn: (_: object, line: string) => void logged.push(line),
    error() {},
  }
  const context = { client: control.client, clock: { now: () => control.now }, log, store } as unknown as PluginContext
  usage = metering(context, { timeZone: 'UTC', defaultSize: { cpus: 1, memory: '1g' }, keepMonths: 3 }, room)
  await usage.hooks.start(signal)
}
const deliver = async () => {
  for (; handled < control.events.length; handled++) {
    const event = control.events[handled]
    if (event !== undefined) await usage.hooks.onEvent(event, { signal })
  }
}
const close = async () => {
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  await usage.hooks.schedules[0]?.run({ id: 1, schedule: 'close', dueAt: 0, attempt: 1, late: false, signal, print })
  return lines
}
const at = (text: string) => {
  control.now = Date.parse(`${text}Z`)
}
const spans = async (from: string, to: string) => {
  const all: UsageSpan[] = []
  for await (const span of usage.ledger.spans({ from: Date.parse(`${from}Z`), to: Date.parse(`${to}Z`) })) all.push(span)
  return all
}

beforeEach(async () => {
  control = new SimulatedControl(Date.parse('2026-01-10T12:00:00Z'))
  store = new MapStore()
  handled = 0
  logged.length = 0
  control.create('shop', 'ann', 2, 1)
  await start()
  await deliver()
})

describe('a month', () => {
  it('is closed once all of its events are here, and never changes then', async () => {
    at('2026-01-31T23:50:30')
    control.become(1001, 'suspended')
    at('2026-02-01T00:10:00')
    expect(await close()).toEqual(['2026-01 is over, but not all of its events are here yet'])
    await deliver()
    expect(await close()).toEqual(['2026-01 is closed: 61900 SVM minutes of 1 environments and templates'])
    const months = await usage.ledger.months()
    const january = await spans('2026-01-01T00:00:00', '2026-02-01T00:00:00')
    // A clock that went back: what it tells counts as coming after the month.
    at('2026-01-20T00:00:00')
    control.become(1001, 'running')
    at('2026-02-01T00:30:00')
    await deliver()
    expect(await close()).toEqual([])
    expect(await usage.ledger.months()).toEqual(months)
    expect(await spans('2026-01-01T00:00:00', '2026-02-01T00:00:00')).toEqual(january)
    expect(await spans('2026-02-01T00:00:00', '2026-02-01T00:30:00')).toMatchObject([{ svms: 2, to: control.now }])
  })

  it('has what changes at the instant in which the next one begins in the next one', async () => {
    at('2026-02-01T00:00:00')
    control.become(1001, 'suspended')
    at('2026-03-02T00:00:00')
    control.become(1001, 'running')
    at('2026-04-01T00:10:00')
    control.become(1001, 'suspended')
    await deliver()
    await close()
    expect((await usage.ledger.months()).map(({ svmMinutes }) => svmMinutes / 60 / 2)).toEqual([21.5 * 24, 0, 30 * 24])
    expect(await spans('2026-02-01T00:00:00', '2026-03-01T00:00:00')).toMatchObject([{ svms: 0 }])
  })

  it('is not closed before it is known what an environment was in it', async () => {
    at('2026-01-20T00:00:00')
    control.become(1001, 'suspended')
    at('2026-01-20T06:00:00')
    control.become(1001, 'running')
    at('2026-01-31T22:00:00')
    control.bake('shop@1', 0)
    at('2026-02-01T00:05:00')
    control.become(1001, 'suspended')
    control.prune(2)
    await usage.hooks.onEventsLost({ from: 2, to: control.pruned }, { signal })
    handled = control.pruned
    at('2026-02-01T00:10:00')
    control.templates.clear()
    expect(await close()).toEqual(['2026-01 is over, but not all of its events are here yet'])
    await deliver()
    // Of the gap nothing is known but that it ended with what ran: nobody pays for it.
    expect(await close()).toEqual(['2026-01 is closed: 240 SVM minutes of 2 environments and templates'])
    expect(await usage.ledger.months()).toMatchObject([
      { gaps: [{ events: [2, 3], from: Date.parse('2026-01-10T12:00:00Z'), to: Date.parse('2026-01-31T22:00:00Z'), environments: 1 }] },
    ])
  })

  it('is closed without any event, and several of them one after the other', async () => {
    at('2026-04-01T00:10:00')
    expect(await close()).toHaveLength(3)
    expect((await usage.ledger.months()).map(({ month, svmMinutes }) => [month, svmMinutes / 60 / 2])).toEqual([
      ['2026-01', 21.5 * 24],
      ['2026-02', 28 * 24],
      ['2026-03', 31 * 24],
    ])
  })

  it('is kept in detail at first, then by days, then as its totals alone', async () => {
    const total = async (from: string, to: string) =>
      (await spans(from, to)).reduce((sum, { from: begin, to: end, svms }) => sum + (((end ?? begin) - begin) / hour) * svms, 0)
    const months = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07']
    for (const month of months.slice(0, 6)) {
      // Off and on again within the hour, twenty times.
      for (let n = 0; n < 20; n++) {
        at(`${month}-20T08:00:00`)
        control.wait((n * hour) / 2)
        control.become(1001, n % 2 === 0 ? 'suspended' : 'running')
        control.edit(1001, { storageBytes: n * 2 ** 30 })
        await deliver()
      }
      const next = months[months.indexOf(month) + 1]
      at(`${next}-01T00:10:00`)
      await close()
      const stored = async () =>
        (await sumUp(usage.ledger.spans({ from: Date.parse('2026-01-20'), to: Date.parse('2026-01-21') })))[0]?.storageMinutes
      // 30 minutes each of 1 to 18 GiB, then six hours and a half of 19.
      if (month === '2026-01') expect(await stored()).toBe(1024 * (171 * 30 + 19 * 390))
      if (month === '2026-02') expect(await stored()).toBeCloseTo(1024 * (171 * 30 + 19 * 390), 6)
      if (month === '2026-01') expect(await spans('2026-01-20T00:00:00', '2026-01-21T00:00:00')).toHaveLength(21)
      if (month === '2026-02') {
        const days = await spans('2026-01-20T00:00:00', '2026-01-21T00:00:00')
        expect(days.map(({ from, to, svms }) => [((to ?? from) - from) / hour, svms])).toEqual([
          [19, 2],
          [5, 0],
        ])
        expect(await total('2026-01-20T00:00:00', '2026-01-21T00:00:00')).toBe(38)
      }
    }
    expect(await usage.ledger.months()).toHaveLength(6)
    expect(await spans('2026-01-01T00:00:00', '2026-04-01T00:00:00')).toEqual([])
    expect(await total('2026-04-01T00:00:00', '2026-05-01T00:00:00')).toBe(2 * (30 * 24 - 5))
    expect(logged.at(-1)).toMatch(/^of months before 2026-04 only totals are kept: \d+ values were dropped$/)
    expect([...store.texts.keys()].filter((key) => /(page|line)\/2026-0[123]/.test(key))).toEqual([])
    for await (const line of usage.ledger.lines('2026-03')) expect(line).toBeUndefined()
  })
})

describe('a store with little room', () => {
  it('keeps the details of fewer months, and says so', async () => {
    await start(500)
    for (const month of ['2026-02', '2026-03', '2026-04']) {
      for (let n = 0; n < 8; n++) {
        at(`${month}-0${n + 1}T08:00:00`)
        control.become(1001, n % 2 === 0 ? 'suspended' : 'running')
        await deliver()
      }
    }
    at('2026-05-01T00:10:00')
    await close()
    expect(await usage.ledger.months()).toHaveLength(4)
    expect(logged.filter((line) => line.includes('no room'))).toEqual([
      expect.stringMatching(/^there is no room for the details of 3 months: those before 2026-0[34] go$/),
    ])
    expect(await spans('2026-02-01T00:00:00', '2026-03-01T00:00:00')).toEqual([])
    expect(await spans('2026-04-01T00:00:00', '2026-05-01T00:00:00')).not.toEqual([])
  })
})

describe('an environment that changes all the time', () => {
  it('is written no longer for what comes and goes within one minute', async () => {
    for (let n = 0; n < 200; n++) control.edit(1001, { storageBytes: n * 2 ** 20, labels: { n: String(n) } })
    await deliver()
    expect(store.texts.get('meter/open/e/0000001001')?.length).toBeLessThan(400)
  })

  it('fills pages of a size that a value may have, and is read as one', async () => {
    const labels = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`label-${n}`, 'x'.repeat(1000)]))
    control.edit(1001, { labels: { ...labels, project: 'till' } })
    for (let n = 0; n < 1_200; n++) {
      control.wait(60_000)
      if (n % 100 === 0) control.edit(1001, { labels: { ...labels, project: 'till', n: String(n) }, storageBytes: n * 2 ** 20 })
      control.become(1001, n % 2 === 0 ? 'suspended' : 'running')
    }
    await deliver()
    for (const text of store.texts.values()) expect(text.length).toBeLessThan(256 << 10)
    const all = await spans('2026-01-10T12:00:00', '2026-01-11T08:00:00')
    expect(all.reduce((sum, { from, to }) => sum + ((to ?? from) - from), 0)).toBe(20 * hour)
    expect(all.reduce((sum, { from, to, svms }) => sum + (((to ?? from) - from) / 60_000) * svms, 0)).toBe(600 * 2)
    expect(new Set(all.map((span) => span.labels.project))).toEqual(new Set(['till']))
    await start()
    expect(await spans('2026-01-10T12:00:00', '2026-01-11T08:00:00')).toEqual(all)
  })
})
