import { bootPlugin } from '@standin/testing/plugin'
import { expect, it } from 'vitest'
import { classroomPlugin } from './classroom-plugin.ts'

const intro = {
  ...{ name: 'intro', template: 'shop', seats: 1, check: false, until: '2026-04-01' },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'Europe/Berlin' }],
}

// From Thursday to Wednesday; on Sunday the clocks go forward: 09:00 is 08:00 UTC before it, 07:00 after it. Worked out by hand.
const table = [
  '03-26T07:30 1002 starting>running',
  '03-26T11:00 1002 suspending>suspended',
  '03-27T07:30 1003 starting>running',
  '03-27T07:30 1002 deleted',
  // Somebody was at it until 10:58.
  '03-27T11:13 1003 suspending>suspended',
  '03-30T06:30 1004 starting>running',
  '03-30T06:30 1003 deleted',
  '03-30T10:00 1004 suspending>suspended',
  '03-31T06:30 1005 starting>running',
  '03-31T06:30 1004 deleted',
  '03-31T10:00 1005 suspending>suspended',
  '04-01T06:30 1006 starting>running',
  '04-01T06:30 1005 deleted',
  '04-01T10:00 1006 suspending>suspended',
  // Midnight in Berlin.
  '04-01T22:00 1006 deleted',
]

it('goes through a week in which the clocks change as a table says that was worked out by hand', { timeout: 240_000 }, async () => {
  await using booted = await bootPlugin(classroomPlugin, { classes: [intro] }, { at: '2026-03-26T06:00:00Z' })
  await booted.clone('mine')
  await booted.advanceTo('2026-03-27T10:59:00Z')
  await booted.client.activity.report([{ environment: 1003, at: '2026-03-27T10:58:00.000Z', cause: 'GET www' }])
  await booted.advanceTo('2026-03-27T12:00:00Z')
  // Away for most of the weekend, and there when the clocks change.
  for (const [from, to] of [
    ['2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z'],
    ['2026-03-30T05:00:00Z', '2026-03-30T12:00:00Z'],
    ['2026-03-31T05:00:00Z', '2026-03-31T12:00:00Z'],
  ] as const) {
    await booted.stop()
    booted.clock.moveTo(Date.parse(from))
    await booted.start()
    await booted.advanceTo(to)
  }
  await booted.advanceTo('2026-04-01T23:00:00Z')

  const { items } = await booted.client.events.list({ limit: 1000 })
  const course = items.flatMap(({ type, at, environment, data, actor }) => {
    if (environment === null || environment === 1001) return []
    const line = `${at.slice(5, 16)} ${environment} `
    if (type === 'environment.desired' && data.to === 'deleted' && actor === 'plugin:classroom') return [`${line}deleted`]
    const isRest = data.to === 'running' || data.to === 'suspended'
    return type === 'environment.state' && isRest ? [`${line}${data.from}>${data.to}`] : []
  })
  expect(course).toEqual(table)
  const told = items
    .filter(({ type }) => type === 'notice')
    .map(({ at, data }) => `${at.slice(5, 16)} ${String(data.kind).slice('classroom.'.length)}`)
  expect(told).toEqual([
    ...['03-26T07:30 ready', '03-26T08:00 session-began', '03-27T07:30 ready', '03-27T08:00 session-began'],
    ...['03-30T06:30 ready', '03-30T07:00 session-began', '03-31T06:30 ready', '03-31T07:00 session-began'],
    ...['04-01T06:30 ready', '04-01T07:00 session-began', '04-01T22:00 ended'],
  ])
  expect(booted.runs('minutely').filter(({ state }) => state !== 'succeeded')).toEqual([])
})
