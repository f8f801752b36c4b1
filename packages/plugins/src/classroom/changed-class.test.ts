import { StandinError } from '@standin/client'
import { definePlugin } from '@standin/core'
import { type BootedPlugin, type BootPluginOptions, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { afterEach, describe, expect, it } from 'vitest'
import { classroomPlugin } from './classroom-plugin.ts'

const intro = {
  ...{ name: 'intro', template: 'shop:latest', seats: 3, wave: 2, check: false },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'UTC' }],
}

let booted: BootedPlugin
let config: { classes: object[] }
afterEach(() => booted?.[Symbol.asyncDispose]())

const boot = async (changes: object = {}, options: BootPluginOptions = {}) => {
  config = { classes: [{ ...intro, ...changes }] }
  booted = await bootPlugin(classroomPlugin, config, { at: '2026-03-02T08:00:00Z', ...options })
  await booted.clone('mine')
}
/** Control is started with another configuration. */
const change = async (...classes: object[]) => {
  await booted.stop()
  config.classes = classes.map((each) => ({ ...intro, ...each }))
  await booted.start()
  await booted.advance('1m')
}
const seats = async () => {
  const { items } = await booted.client.environments.list({ limit: 1000 })
  return items
    .filter(({ name }) => name !== 'mine')
    .map(({ id, name, template, state }) => `${name} ${id} ${template?.name}@${template?.version} ${state}`)
    .sort()
}
const notices = async () => {
  const { items } = await booted.client.events.list({ type: 'notice', limit: 1000 })
  return items.map(({ data }) => `${data.kind} ${data.message}`)
}
const names = async () =>
  (await booted.client.aliases.list()).items.map(({ host, environment }) => `${host.split('.')[0]} ${environment}`).sort()
const shown = async () =>
  (await (await booted.fetch('/classes/intro')).json()) as {
    seats: { student: string | null; state: string; trouble: string | null }[]
    trouble: string | null
    report: { message: string }[]
  }
const reset = async (seat: number) =>
  expect((await booted.fetch(`/classes/intro/seats/${seat}/reset`, { method: 'POST' })).status).toBe(202)

describe('A class that is changed while it is held', { timeout: 60_000 }, () => {
  it('gets the seats that it has more, and loses those that it has less, and nothing else', async () => {
    await boot()
    await booted.advanceTo('2026-03-02T09:10:00Z')
    await change({ seats: 4 })
    expect(await seats()).toEqual([2, 3, 4, 5].map((id) => `intro-${id - 1} 100${id} shop@1 running`))
    await change({ seats: 2, students: ['ada', 'bob'] })
    expect(await seats()).toEqual([2, 3].map((id) => `intro-${id - 1} 100${id} shop@1 running`))
    expect(await names()).toEqual(['intro-1 1002', 'intro-2 1003'])
    expect((await shown()).seats.map(({ student }) => student)).toEqual(['ada', 'bob'])
    await change({ seats: 2, students: ['bob', 'ada'] })
    expect((await shown()).seats.map(({ student, state }) => `${student} ${state}`)).toEqual(['bob ready', 'ada ready'])
    expect(await seats()).toEqual([2, 3].map((id) => `intro-${id - 1} 100${id} shop@1 running`))
    expect(booted.plugin.stored.keys).toBe(3)
  })

  it('clones another template from the next session on, and for a reset at once', async () => {
    await boot({ refresh: 'never' })
    await booted.advanceTo('2026-03-02T09:10:00Z')
    booted.bake('shop')
    booted.bake('other')
    await change({ refresh: 'never', template: 'other' })
    expect(await seats()).toEqual([2, 3, 4].map((id) => `intro-${id - 1} 100${id} shop@1 running`))
    await reset(1)
    await booted.settled()
    expect((await seats())[0]).toBe('intro-1 1005 other@1 running')
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-03T08:30:00Z'))
    await booted.start()
    await booted.advance('2m')
    expect(await seats()).toEqual(['intro-1 1005 other@1 running', 'intro-2 1006 other@1 running', 'intro-3 1007 other@1 running'])
  })

  it('takes all with it when it is taken out, and is forgotten', async () => {
    await boot()
    await booted.advanceTo('2026-03-02T09:10:00Z')
    await reset(2)
    await change()
    await change({ name: 'other', timetable: [{ dates: ['2026-03-03'], from: '09:00', to: '10:00' }] })
    expect([await seats(), await names()]).toEqual([[], []])
    expect(booted.plugin.stored.keys).toBe(0)
    expect((await booted.fetch('/classes/intro')).status).toBe(404)
  })

  it('is forgotten as well where it was over before', async () => {
    await boot({ until: '2026-03-02' })
    await booted.advanceTo('2026-03-02T09:10:00Z')
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-03T00:00:00Z'))
    await booted.start()
    await booted.advance('2m')
    expect(await seats()).toEqual([])
    expect(booted.plugin.stored.keys).toBe(1)
    await change()
    expect(booted.plugin.stored.keys).toBe(0)
  })

  it('is nothing where all of it has passed', async () => {
    await boot({ timetable: [{ dates: ['2025-03-02'], from: '09:00', to: '10:00' }] })
    await booted.advance('3m')
    expect(await seats()).toEqual([])
    expect([booted.plugin.health, booted.plugin.stored.keys, await notices()]).toEqual(['ok', 0, []])
    expect((await booted.fetch('/classes/intro/seats/1/reset', { method: 'POST' })).status).toBe(409)
  })
})

describe('A seat that people laid hands on', { timeout: 60_000 }, () => {
  it('is made again in a session where it was deleted', async () => {
    await boot()
    await booted.advanceTo('2026-03-02T09:10:00Z')
    await (await booted.client.environments.get('intro-2')).delete({})
    await booted.advance('2m')
    expect(await seats()).toEqual(['intro-1 1002 shop@1 running', 'intro-2 1005 shop@1 running', 'intro-3 1004 shop@1 running'])
    expect(await names()).toEqual(['intro-1 1002', 'intro-2 1005', 'intro-3 1004'])
  })

  it('goes as all others do where it has another owner, name and labels', async () => {
    await boot()
    const { client } = booted
    await client.users.create({ userName: 'ada', email: 'ada@example.com' })
    await booted.advanceTo('2026-03-02T09:10:00Z')
    const seat = await client.environments.get('intro-2')
    await seat.update({ owner: 'ada', name: 'hers', labels: {} })
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-03T08:30:00Z'))
    await booted.start()
    await booted.advance('2m')
    expect(await seats()).toEqual(['intro-1 1005 shop@1 running', 'intro-2 1006 shop@1 running', 'intro-3 1007 shop@1 running'])
    await change()
    expect(await seats()).toEqual([])
  })

  it('leaves a host name alone that somebody led elsewhere', async () => {
    await boot()
    await booted.advanceTo('2026-03-02T09:10:00Z')
    await booted.client.aliases.set('intro-1', { environment: 1001 })
    await reset(1)
    await booted.settled()
    expect(await names()).toEqual(['intro-1 1001', 'intro-2 1003', 'intro-3 1004'])
    await change()
    expect([await seats(), await names()]).toEqual([[], ['intro-1 1001']])
  })

  it('goes through its days where somebody else has its name', async () => {
    await boot()
    const mine = await booted.client.environments.get('mine')
    await mine.update({ name: 'intro-1' })
    await booted.advanceTo('2026-03-02T09:10:00Z')
    /** Without the numbers, but whether the environment is one of those that were made first. */
    const states = async () =>
      (await seats())
        .filter((each) => !each.startsWith('intro-1 1001'))
        .map((each) =>
          each.replace(/-[0-9a-f]{4} /, '-xxxx ').replace(/ (\d+) shop@1/, (_, id) => (Number(id) < 1005 ? ' first' : ' later')),
        )
    expect(await states()).toEqual(['intro-1-xxxx first running', 'intro-2 first running', 'intro-3 first running'])
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-02T12:00:00Z'))
    await booted.start()
    await booted.advance('20m')
    expect(await states()).toEqual(['intro-1-xxxx first suspended', 'intro-2 first suspended', 'intro-3 first suspended'])
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-03T08:30:00Z'))
    await booted.start()
    await booted.advance('3m')
    expect(await states()).toEqual(['intro-1-xxxx later running', 'intro-2 later running', 'intro-3 later running'])
    await (await booted.client.environments.get('1001')).update({ name: 'mine' })
    await booted.advance('3m')
    expect(await states()).toEqual(['intro-1 later running', 'intro-2 later running', 'intro-3 later running'])
  })
})

describe('A seat that is never made anew', { timeout: 60_000 }, () => {
  it('is tried again for the next session where it was given up for one', async () => {
    await boot({ refresh: 'never', seats: 1 })
    for (let n = 0; n < 2; n++) booted.world.fail('create', new StandinError('host_failed', 'host db exited with code 1'))
    await booted.advanceTo('2026-03-02T09:10:00Z')
    expect(await seats()).toEqual(['intro-1 1003 shop@1 failed'])
    expect((await shown()).report.map(({ message }) => message)).toEqual([
      'host db exited with code 1',
      'given up: host db exited with code 1',
      'a session began, and 0 of 1 seats are ready; missing: 1',
    ])
    await booted.stop()
    booted.clock.moveTo(Date.parse('2026-03-03T08:30:00Z'))
    await booted.start()
    await booted.advance('2m')
    expect(await seats()).toEqual(['intro-1 1004 shop@1 running'])
  })
})

describe('Resets', { timeout: 60_000 }, () => {
  it('that follow each other, or come while the seat is being made, have it made once', async () => {
    await boot({ wave: 3 })
    const made = async () => (await booted.client.events.list({ type: 'environment.created', limit: 1000 })).items.length - 1
    const held = booted.world.hold('start')
    const prepared = booted.advanceTo('2026-03-02T08:30:00Z')
    await held.reached
    await reset(1)
    held.release()
    await prepared
    await booted.advance('2m')
    expect([await made(), await seats()]).toEqual([3, [2, 3, 4].map((id) => `intro-${id - 1} 100${id} shop@1 running`)])
    const again = booted.world.hold('start')
    for (let n = 0; n < 3; n++) await reset(2)
    again.release()
    await booted.advance('2m')
    expect([await made(), (await seats())[1]]).toEqual([4, 'intro-2 1005 shop@1 running'])
  })
})

describe('What refuses a seat', { timeout: 60_000 }, () => {
  it('takes nobody’s seat from them in a session', async () => {
    let refusal: StandinError | null = null
    const beside = definePlugin({
      id: 'quota',
      config: Type.Object({}),
      setup: () => ({
        async admit({ action }) {
          if (action === 'create' && refusal !== null) throw refusal
        },
      }),
    })
    await boot({}, { beside: [[beside]] })
    await booted.advanceTo('2026-03-02T09:10:00Z')
    refusal = new StandinError('not_admitted', 'nothing is made on Mondays')
    await reset(1)
    await booted.advance('2m')
    refusal = new StandinError('quota_exceeded', 'the project may have no more than it has')
    await reset(2)
    await booted.advance('2m')
    expect(await seats()).toEqual([2, 3, 4].map((id) => `intro-${id - 1} 100${id} shop@1 running`))
    expect((await shown()).seats.map(({ state, trouble }) => `${state}: ${trouble}`)).toEqual([
      'ready: nothing is made on Mondays',
      'ready: the project may have no more than it has',
      'ready: null',
    ])
    const { items } = await booted.client.events.list({ type: 'environment.desired', environment: 1002 })
    expect(items.map(({ data }) => data.to)).not.toContain('deleted')
    // What came back is the class's own still.
    await change()
    expect(await seats()).toEqual([])
  })
})
