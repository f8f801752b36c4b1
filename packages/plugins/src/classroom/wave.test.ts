import { setTimeout as pause } from 'node:timers/promises'
import type { Event } from '@standin/client'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, describe, expect, it } from 'vitest'
import { classroomPlugin } from './classroom-plugin.ts'

const seats = Number(process.env.STANDIN_SEATS ?? 20)
const wave = 3
const intro = {
  ...{ name: 'intro', template: 'shop:latest', seats, wave, check: false },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'UTC' }],
}

let booted: BootedPlugin
afterEach(() => booted?.[Symbol.asyncDispose]())

/** None is up before all of its wave are on their way, and a while has passed in which more of them could begin. */
const holdBack = () => {
  const { world } = booted
  const enter = world.enter.bind(world)
  let [left, waiting] = [0, 0]
  let wavefront = Promise.withResolvers<void>()
  world.enter = async (call, signal) => {
    if ((call === 'start' || call === 'resume') && left > 0) {
      const mine = wavefront
      waiting += 1
      if (waiting === Math.min(wave, left)) {
        await pause(50)
        left -= waiting
        waiting = 0
        wavefront = Promise.withResolvers()
        mine.resolve()
      }
      await mine.promise
    }
    return enter(call, signal)
  }
  return (count: number) => {
    left = count
  }
}
let next: (count: number) => void

const boot = async (changes: object = {}) => {
  booted = await bootPlugin(classroomPlugin, { classes: [{ ...intro, ...changes }] }, { at: '2026-03-02T08:00:00Z' })
  await booted.clone('mine')
  next = holdBack()
  next(seats)
}
const jump = async (at: string, meanwhile = () => {}) => {
  await booted.stop()
  meanwhile()
  booted.clock.moveTo(Date.parse(at))
  next(seats)
  await booted.start()
}
const eventsAfter = async (after: number) => {
  const events: Event[] = []
  for (let seen = 1; seen > 0; ) {
    const { items } = await booted.client.events.list({ after: events.at(-1)?.seq ?? after, limit: 1000 })
    seen = items.length
    events.push(...items)
  }
  return events
}
/** How many came up at once, at most; and how many came up. */
const waves = async (after = 0) => {
  const [coming, up] = [new Set<number | null>(), new Set<number | null>()]
  let most = 0
  for (const { type, environment, data, actor } of await eventsAfter(after)) {
    const begins = type === 'environment.created' || (type === 'environment.desired' && data.to === 'running')
    if (begins && actor === 'plugin:classroom') coming.add(environment)
    most = Math.max(most, coming.size)
    if (type === 'environment.state' && data.to === 'running' && coming.delete(environment)) up.add(environment)
  }
  return { most, up: up.size }
}
const last = async () => (await booted.client.events.list({ limit: 1 })).last
const began = async () => {
  const { items } = await booted.client.events.list({ type: 'notice', limit: 1000 })
  return items.filter(({ data }) => data.kind === 'classroom.session-began').map(({ data }) => data.message)
}

describe(`A class of ${seats} seats`, { timeout: 240_000 }, () => {
  it('has as many as its wave come up at once, and all of them ready before it begins: new ones, those made anew, those that failed', async () => {
    await boot()
    await booted.advanceTo('2026-03-02T09:00:00Z')
    expect(await waves()).toEqual({ most: wave, up: seats })
    let before = await last()
    await jump('2026-03-02T12:30:00Z')
    await jump('2026-03-03T08:30:00Z')
    await booted.advanceTo('2026-03-03T09:00:00Z')
    expect(await waves(before)).toEqual({ most: wave, up: seats })
    // Its machine dies in the middle of a session.
    before = await last()
    await jump('2026-03-03T09:30:00Z', () => {
      for (const [id, { state }] of booted.world.environments) if (id > 1001 && state === 'running') booted.world.exit(id, 'db')
    })
    await booted.advance('3m')
    expect(await waves(before)).toEqual({ most: wave, up: seats })
    expect(await began()).toEqual(Array(2).fill(`intro: ${seats} of ${seats} seats are ready`))
  })

  it('has as many as its wave woken at once', async () => {
    await boot({ refresh: 'never' })
    await booted.advanceTo('2026-03-02T09:00:00Z')
    await jump('2026-03-02T12:30:00Z')
    const before = await last()
    await jump('2026-03-03T08:30:00Z')
    await booted.advanceTo('2026-03-03T09:00:00Z')
    expect(await waves(before)).toEqual({ most: wave, up: seats })
  })
})
