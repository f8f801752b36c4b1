import { resolve } from 'node:path'
import type { Event } from '@standin/client'
import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { expect, it } from 'vitest'
import { instant, moment, rowsOf } from '../fixtures/table-by-hand.ts'
import { readPlugins } from './read-plugins.ts'

/*
 * Eight days of suspend and usage in examples/platform.config.yaml, from Saturday, 24 October 2026, to Sunday, 1 November, noon UTC to noon UTC: 192 hours.
 * Europe/Berlin goes back an hour on 25 October at 01:00 UTC: 20:00 is 18:00 UTC before, 19:00 UTC after.
 * America/New_York goes back an hour on 1 November at 06:00 UTC: 03:00 is 07:00 UTC before, 08:00 UTC after.
 * Control is away on Wednesday from 18:40 to 19:20 UTC, when it is evening in Berlin.
 *
 * Each environment has three instances that say nothing of their size, so it is three SVMs, and holds 10 GB, also in the trash, where it
 * stays for a day. Times below are UTC.
 */
const begin = '2026-10-24T12:00Z'
const end = '2026-11-01T12:00Z'

/** Who there is from the beginning. */
const environments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'berlin-daily': { project: 'shop' },
  'new-york-daily': { project: 'crm' },
  demo: { project: 'shop', stage: 'demo' },
  pinned: { project: 'crm', 'suspend.pin': 'shown to customers' },
  idle: { project: 'search' },
  'office-hours': { project: 'shop' },
  'two-days': { project: 'search', delete_environment: '2' },
  'until-wednesday': { project: 'search', 'suspend.delete-at': '2026-10-28' },
  forgotten: { project: 'search' },
  cancelled: { project: 'crm', stage: 'demo' },
  'at-ten': { project: 'shop', shutdown_time: '22' },
  extended: { project: 'shop' },
}

/** What people do. `used`: a request came through the gateway. */
const people: readonly (readonly [
  at: string,
  who: string,
  what: 'resume' | 'delete' | 'used' | Readonly<Record<string, string | null>>,
])[] = [
  ['10-24 12:00', 'forgotten', 'used'],
  ['10-24 13:10', 'idle', 'used'],
  ['10-24 17:00', 'extended', { 'suspend.awake-until': '2026-10-24T21:00:00Z' }],
  // 02:30 in Berlin, for the first time that night.
  ['10-25 00:30', 'at-ten', 'resume'],
  ...['10-25', '10-26', '10-27', '10-28', '10-29', '10-30', '10-31'].map((day) => [`${day} 07:00`, 'berlin-daily', 'resume'] as const),
  ...['10-26', '10-27', '10-28', '10-29', '10-30', '10-31'].map((day) => [`${day} 13:00`, 'new-york-daily', 'resume'] as const),
  ['10-26 08:00', 'office-hours', 'resume'],
  ['10-26 08:05', 'office-hours', 'used'],
  ['10-27 09:00', 'idle', 'resume'],
  ['10-27 09:00', 'idle', 'used'],
  ['10-27 09:30', 'idle', { 'suspend.awake-until': '2026-10-27T13:30:00Z' }],
  // More than six hours after the last night, which would be made up for otherwise.
  ['10-28 14:00', 'pinned', { 'suspend.pin': null }],
  ['10-29 10:30', 'cancelled', 'delete'],
]

/** What suspend has to do, when, to whom, by which rule; and nothing else. */
const suspended = `
  10-24 14:00 | suspended | forgotten       | idle               | not used for 2 h
  10-24 15:10 | suspended | idle            | idle               | used at 13:10
  10-24 18:00 | suspended | berlin-daily    | nightly berlin     | 20:00, summer time
  10-24 18:00 | suspended | office-hours    | nightly berlin     |
  10-24 21:00 | suspended | extended        | nightly berlin     | it was extended until then
  10-24 22:00 | suspended | at-ten          | shutdown_time      |
  10-25 03:00 | suspended | two-days        | nightly everybody  |
  10-25 03:00 | suspended | until-wednesday | nightly everybody  |
  10-25 07:00 | suspended | new-york-daily  | nightly new-york   | 03:00, summer time
  10-25 19:00 | suspended | berlin-daily    | nightly berlin     | 20:00, winter time
  10-25 22:00 | suspended | at-ten          | shutdown_time      |
  10-26 03:00 | deleted   | two-days        | delete_environment | two nights after the one before it began
  10-26 17:00 | suspended | office-hours    | idle               | due at 10:05, but put off to 18:00 in Berlin
  10-26 19:00 | suspended | berlin-daily    | nightly berlin     |
  10-27 07:00 | suspended | new-york-daily  | nightly new-york   |
  10-27 13:30 | suspended | idle            | idle               | due at 11:00, but extended
  10-27 19:00 | suspended | berlin-daily    | nightly berlin     |
  10-28 00:00 | deleted   | until-wednesday | suspend.delete-at  |
  10-28 07:00 | suspended | new-york-daily  | nightly new-york   |
  10-28 19:22 | suspended | berlin-daily    | nightly berlin     | control is there again at 19:20, and listens for two minutes
  10-29 07:00 | suspended | new-york-daily  | nightly new-york   |
  10-29 07:00 | suspended | pinned          | nightly new-york   | the first night without its pin
  10-29 19:00 | suspended | berlin-daily    | nightly berlin     |
  10-30 07:00 | suspended | new-york-daily  | nightly new-york   |
  10-30 19:00 | suspended | berlin-daily    | nightly berlin     |
  10-31 07:00 | suspended | new-york-daily  | nightly new-york   |
  10-31 12:00 | deleted   | forgotten       | unused             | seven days after it was used
  10-31 19:00 | suspended | berlin-daily    | nightly berlin     |
  11-01 08:00 | suspended | new-york-daily  | nightly new-york   | 03:00, winter time
`

/** When a deletion is announced; that by a rule two days before. */
const announced = `
  10-24 12:01 | until-wednesday | 2026-10-28T00:00:00.000Z | somebody wishes it: at once
  10-24 12:02 | two-days     | 2026-10-26T03:00:00.000Z | once its nights are counted
  10-29 12:00 | forgotten    | 2026-10-31T12:00:00.000Z | seven days after it was used
  10-31 08:05 | office-hours | 2026-11-02T08:05:00.000Z |
  11-01 09:00 | idle         | 2026-11-03T09:00:00.000Z |
`

/**
 * What is billed: hours awake, times 3 SVMs, at 0.04 an hour, 0.05 in project crm; hours that it exists, times 10 GB, at 0.0002.
 */
const [svm, crm, gb] = [0.04, 0.05, 0.0002]
const billed: Readonly<Record<string, { awake: number; there: number; rate: number }>> = {
  // Saturday 12–18, Sunday to Saturday 7–19, on Wednesday 22 minutes more.
  'berlin-daily': { awake: 6 + 7 * 12 + 22 / 60, there: 192, rate: svm },
  // Saturday 12 to Sunday 7; Monday to Friday 13 to 7 of the next day; Saturday 13 to Sunday 8.
  'new-york-daily': { awake: 19 + 5 * 18 + 19, there: 192, rate: crm },
  demo: { awake: 192, there: 192, rate: svm },
  // Saturday 12 to Thursday 7.
  pinned: { awake: 4 * 24 + 19, there: 192, rate: crm },
  // Saturday 12:00–15:10, Tuesday 9:00–13:30.
  idle: { awake: 3 + 10 / 60 + 4.5, there: 192, rate: svm },
  // Saturday 12–18, Monday 8–17.
  'office-hours': { awake: 6 + 9, there: 192, rate: svm },
  // Saturday 12 to Sunday 3; deleted on Monday at 3, purged a day later.
  'two-days': { awake: 15, there: 2 * 24 + 15, rate: svm },
  // Saturday 12 to Sunday 3; deleted on Wednesday at 0, purged a day later.
  'until-wednesday': { awake: 15, there: 4 * 24 + 12, rate: svm },
  // Saturday 12–14; deleted a day before the end.
  forgotten: { awake: 2, there: 192, rate: svm },
  // Saturday 12 to Thursday 10:30; purged a day later.
  cancelled: { awake: 4 * 24 + 22.5, there: 5 * 24 + 22.5, rate: crm },
  // Saturday 12–22, Sunday 0:30–22.
  'at-ten': { awake: 10 + 21.5, there: 192, rate: svm },
  // Saturday 12–21.
  extended: { awake: 9, there: 192, rate: svm },
}

it('a week of the example, with its changes of the clocks and a restart, is as it was worked out by hand', {
  timeout: 300_000,
}, async () => {
  await using booted = await boot()
  const ids = new Map<string, number>()
  for (const [index, [name, labels]] of Object.entries(environments).entries()) {
    booted.world.storageBytes.set(1001 + index, 10 * 2 ** 30)
    const environment = await booted.clone(name, labels)
    ids.set(name, environment.id)
    // Its idle time is that of the configuration.
    await environment.update({ suspendAfterMs: null })
  }

  for (const [at, who, what] of [...people, ['10-28 18:40', '', 'away'] as const].toSorted(([a], [b]) => a.localeCompare(b))) {
    await walkTo(booted, instant(at))
    if (what === 'away') {
      await booted.stop()
      booted.clock.moveTo(instant('10-28 19:20'))
      await booted.start()
    } else await act(booted, ids.get(who) ?? 0, what)
  }
  await walkTo(booted, Date.parse(end))

  const events = await allEvents(booted)
  const nameOf = new Map([...ids].map(([name, id]) => [id, name]))
  const done = events.flatMap(({ type, environment, actor, at, data }) => {
    const { to, reason } = data as { to?: string; reason?: { message: string; actor: string } }
    if (type !== 'environment.desired' || actor !== 'plugin:suspend') return []
    const [rule] = String(reason?.message).split(':')
    return [`${moment(at)} ${to} ${nameOf.get(environment ?? 0)} ${rule}`]
  })
  expect(done.sort()).toEqual(table(suspended).sort())

  const told = new Map<string, string>()
  for (const { type, environment, at, actor, data } of events) {
    const deletesAt = (data as { labels?: Record<string, string> }).labels?.['suspend.deletes-at']
    if (type !== 'environment.changed' || actor !== 'plugin:suspend' || deletesAt === undefined) continue
    const what = `${nameOf.get(environment ?? 0)} ${deletesAt}`
    if (!told.has(what)) told.set(what, `${moment(at)} ${what}`)
  }
  expect([...told.values()].sort()).toEqual(table(announced).sort())

  const report = await reportOn(booted, { from: begin.replace('Z', ':00Z'), to: end.replace('Z', ':00Z'), by: ['environment'] })
  const rows = new Map(report.rows.map((row) => [nameOf.get(Number(row.environment)) ?? 'the template', row]))
  for (const [name, { awake, there, rate }] of Object.entries(billed)) {
    const { svmHours, gbHours, cost } = rows.get(name) ?? {}
    const row = { svmHours: Number(svmHours).toFixed(3), gbHours: Number(gbHours).toFixed(3), cost: Number(cost).toFixed(6) }
    const [ran, held] = [awake * 3, there * 10]
    expect({ name, ...row }).toEqual({
      name,
      svmHours: ran.toFixed(3),
      gbHours: held.toFixed(3),
      cost: (ran * rate + held * gb).toFixed(6),
    })
  }
  expect(rows.size).toBe(Object.keys(billed).length + 1)
  // 1 MB for 192 hours.
  expect(rows.get('the template')).toMatchObject({ svmHours: 0, gbHours: 192 / 1024 })
})

async function boot(): Promise<BootedPlugin> {
  const { plugins, faults } = await readPlugins(resolve(import.meta.dirname, '../../../../examples/platform.config.yaml'), builtInPlugins)
  expect(faults).toEqual([])
  const [suspend, usage] = ['suspend', 'usage'].map((id) => plugins.find((plugin) => plugin.id === id))
  return bootPlugin(usage?.plugin as Plugin, usage?.config, { at: begin, beside: [[suspend?.plugin as Plugin, suspend?.config]] })
}

const quarterMs = 15 * 60_000
/** Of every time that stands in a table, and all minutes around the changes of the clocks. */
const marks = new Set<number>([...`${suspended}${announced}`.matchAll(/^ {2}(\d\d-\d\d \d\d:\d\d)/gm)].map(([, at]) => instant(at ?? '')))
for (const [from, to] of [
  ['10-25 00:00', '10-25 03:30'],
  ['11-01 05:30', '11-01 08:30'],
] as const) {
  for (let at = instant(from); at <= instant(to); at += 60_000) marks.add(at)
}

/**
 * In steps of a quarter of an hour, and to the minute where something is to happen: suspend looks at everything once a step. What
 * it did at any other time would be found at the next step, and in no table.
 */
async function walkTo(booted: BootedPlugin, end: number): Promise<void> {
  for (;;) {
    const { clock } = booted
    const now = clock.now()
    const quarter = (Math.floor(now / quarterMs) + 1) * quarterMs
    const next = Math.min(end, quarter, ...[...marks].filter((at) => at > now))
    clock.moveTo(next)
    if ((clock.nextAt ?? next + 1) <= next) clock.step()
    await booted.advanceTo(next)
    if (next === end) return
  }
}

async function act(booted: BootedPlugin, id: number, what: (typeof people)[number][2]): Promise<void> {
  const { client, clock } = booted
  const environment = await client.environments.get(id)
  if (what === 'resume') await environment.resume()
  else if (what === 'delete') await environment.delete()
  else if (what === 'used') await client.activity.report([{ environment: id, at: new Date(clock.now()).toISOString(), cause: 'GET www' }])
  else {
    const labels = Object.entries({ ...environment.labels, ...what }).filter((pair): pair is [string, string] => pair[1] !== null)
    await environment.update({ labels: Object.fromEntries(labels) })
  }
  await booted.settled()
}

async function allEvents({ client }: BootedPlugin): Promise<Event[]> {
  const events: Event[] = []
  for (;;) {
    const { items } = await client.events.list({ after: events.at(-1)?.seq ?? 0, limit: 1000 })
    if (items.length === 0) return events
    events.push(...items)
  }
}

async function reportOn(booted: BootedPlugin, request: object): Promise<{ rows: Record<string, string | number>[] }> {
  const { client } = booted
  const { id } = await client.plugins.ask<{ id: string }>('usage', '/reports', { method: 'POST', body: request })
  for (let turn = 0; turn < 1000; turn++) {
    await booted.settled()
    const { state } = await client.plugins.ask<{ state: string }>('usage', `/reports/${id}`)
    if (state === 'done') return client.plugins.ask('usage', `/reports/${id}/content`)
    if (state === 'failed') break
  }
  throw new Error('the report is not made')
}

/** The rows of a table, without the column that says why. */
function table(text: string): string[] {
  return rowsOf(text).map((cells) => cells.slice(0, -1).join(' '))
}
