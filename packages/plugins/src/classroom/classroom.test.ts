import { StandinError } from '@standin/client'
import { definePlugin } from '@standin/core'
import { type BootedPlugin, type BootPluginOptions, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { afterEach, describe, expect, it } from 'vitest'
import { suspendPlugin } from '../suspend/suspend-plugin.ts'
import { classroomPlugin } from './classroom-plugin.ts'

const intro = {
  ...{ name: 'intro', template: 'shop:latest', seats: 3, project: 'training', wave: 2, check: false },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'Europe/Berlin' }],
}

let booted: BootedPlugin
/** Nobody is there meanwhile. */
const jump = async (at: string) => {
  await booted.stop()
  booted.clock.moveTo(Date.parse(at))
  await booted.start()
  await booted.settled()
}
afterEach(() => booted?.[Symbol.asyncDispose]())

const boot = async (changes: object = {}, options: BootPluginOptions = {}) => {
  booted = await bootPlugin(classroomPlugin, { classes: [{ ...intro, ...changes }] }, { at: '2026-03-02T07:00:00Z', ...options })
  // The template is there with the first clone; and what is no seat is none of ours.
  await booted.clone('mine', { 'classroom.class': 'intro', 'classroom.seat': '1', 'classroom.key': 'x' })
  return booted
}
/** `intro-1 1002 running`, by name. */
const seats = async () => {
  const { items } = await booted.client.environments.list({ limit: 1000 })
  return items
    .filter(({ name }) => name !== 'mine')
    .map(({ id, name, state }) => `${name} ${id} ${state}`)
    .sort()
}
const notices = async () => {
  const { items } = await booted.client.events.list({ type: 'notice', limit: 1000 })
  return items.map(({ data }) => `${data.kind} ${data.message}`)
}
const to = (at: string) => booted.advanceTo(at)
const alias = async (host: string) => (await booted.client.aliases.get(host)).environment
const reset = (seat: number, scope: 'read' | 'write' = 'write') =>
  booted.fetch(`/classes/intro/seats/${seat}/reset`, { method: 'POST', scope })

describe('A class', { timeout: 60_000 }, () => {
  it('has its seats ready for each session, makes them anew in between, and takes them away in the end', async () => {
    await boot({ until: '2026-03-03' })
    await to('2026-03-02T07:29:59Z')
    expect(await seats()).toEqual([])
    await to('2026-03-02T07:31:00Z')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1003 running', 'intro-3 1004 running'])
    expect([await alias('intro-1'), await alias('intro-3')]).toEqual([1002, 1004])
    const one = await booted.client.environments.get('intro-1')
    expect(one.labels).toMatchObject({ 'classroom.class': 'intro', 'classroom.seat': '1', project: 'training' })
    await to('2026-03-02T10:59:00Z')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1003 running', 'intro-3 1004 running'])
    await to('2026-03-02T11:01:00Z')
    expect(await seats()).toEqual(['intro-1 1002 suspended', 'intro-2 1003 suspended', 'intro-3 1004 suspended'])
    await jump('2026-03-03T07:29:59Z')
    expect(await seats()).toEqual(['intro-1 1002 suspended', 'intro-2 1003 suspended', 'intro-3 1004 suspended'])
    await to('2026-03-03T07:35:00Z')
    expect(await seats()).toEqual(['intro-1 1005 running', 'intro-2 1006 running', 'intro-3 1007 running'])
    expect([await alias('intro-1'), await alias('intro-3')]).toEqual([1005, 1007])
    await to('2026-03-03T11:01:00Z')
    await jump('2026-03-03T22:59:59Z')
    expect(await seats()).toEqual(['intro-1 1005 suspended', 'intro-2 1006 suspended', 'intro-3 1007 suspended'])
    await to('2026-03-03T23:05:00Z')
    expect(await seats()).toEqual([])
    expect((await booted.client.aliases.list()).items).toEqual([])
    expect((await booted.client.environments.get('mine')).state).toBe('running')
    expect(await notices()).toEqual([
      'classroom.ready intro: 3 of 3 seats are ready',
      'classroom.session-began intro: 3 of 3 seats are ready',
      'classroom.ready intro: 3 of 3 seats are ready',
      'classroom.session-began intro: 3 of 3 seats are ready',
      'classroom.ended intro: it is over, and its seats are gone; 0 troubles are in its report',
    ])
    expect(booted.plugin.health).toBe('ok')
  })

  it('has no more than a wave above its seats while it makes them anew', async () => {
    await boot({ seats: 7, wave: 2 })
    await to('2026-03-02T07:40:00Z')
    await jump('2026-03-02T12:00:00Z')
    await jump('2026-03-03T07:30:00Z')
    await to('2026-03-03T07:33:00Z')
    expect(await seats()).toHaveLength(7)
    const { items } = await booted.client.events.list({ limit: 1000 })
    let [there, most] = [0, 0]
    for (const { type, environment, data } of items) {
      if (environment === 1001) continue
      if (type === 'environment.created') there += 1
      if (type === 'environment.desired' && data.to === 'deleted') there -= 1
      most = Math.max(most, there)
    }
    expect(most).toBeGreaterThan(7)
    expect(most).toBeLessThanOrEqual(9)
  })

  it('tries a seat that fails once more, then says so, and has the others ready all the same', async () => {
    await boot()
    booted.world.fail('create', new StandinError('host_failed', 'host db exited with code 1'))
    await to('2026-03-02T07:35:00Z')
    expect((await seats()).map((seat) => seat.replace(/ \d+/, ''))).toEqual(['intro-1 running', 'intro-2 running', 'intro-3 running'])
    expect(await notices()).toEqual(['classroom.ready intro: 3 of 3 seats are ready'])
    await reset(2)
    await booted.settled()
    for (let n = 0; n < 2; n++) {
      booted.world.fail('create', new StandinError('host_failed', 'host db exited with code 1'))
      await reset(3)
      await booted.advance('1m')
    }
    expect((await seats()).map((seat) => seat.replace(/ \d+/, ''))).toEqual(['intro-1 running', 'intro-2 running', 'intro-3 running'])
    await to('2026-03-02T08:01:00Z')
    expect((await notices()).at(-1)).toBe('classroom.session-began intro: 3 of 3 seats are ready')
  })

  it('gives a seat up whose check fails twice, and says why', async () => {
    await boot({ seats: 1, check: { service: 'api' } })
    await to('2026-03-02T08:00:30Z')
    const why = 'it has no service api'
    expect(await notices()).toEqual([
      `classroom.seat-failed intro-1: ${why}`,
      'classroom.session-began intro: 0 of 1 seats are ready; missing: 1',
    ])
    // The second one is left to be looked at; the first is gone.
    expect(await seats()).toEqual(['intro-1 1003 running'])
    expect(
      booted
        .runs('minutely')
        .flatMap(({ output }) => output.split('\n'))
        .filter((line) => line.includes(why)),
    ).toEqual([`intro-1: ${why}`, `intro-1: given up: ${why}`])
    await jump('2026-03-03T07:30:00Z')
    await to('2026-03-03T07:37:00Z')
    expect(await seats()).toEqual(['intro-1 1005 running'])
  })

  it('never makes a seat anew during a session, but where somebody asks for it', async () => {
    await boot()
    await to('2026-03-02T07:40:00Z')
    await jump('2026-03-03T08:10:00Z')
    await booted.advance('3m')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1003 running', 'intro-3 1004 running'])
    expect((await notices()).filter((text) => text.includes('keeps what it had'))).toHaveLength(3)
    expect((await reset(2, 'read')).status).toBe(403)
    expect((await reset(9)).status).toBe(400)
    expect((await reset(2)).status).toBe(202)
    await booted.advance('1m')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1005 running', 'intro-3 1004 running'])
    expect(await alias('intro-2')).toBe(1005)
    await booted.advance('1h')
    expect(await seats()).toHaveLength(3)
  })

  it('clones the version that its channel had when the session was prepared, and no other', async () => {
    await boot({ template: 'shop:stable' })
    await to('2026-03-02T07:40:00Z')
    expect(await seats()).toEqual([])
    expect(booted.plugin.message).toMatch(/intro: .*stable/)
    expect((await notices()).join()).toMatch(/^classroom.template-missing intro: [^,]*stable[^,]*$/)
    await booted.client.channels.set('shop', 'stable', 1)
    await booted.advance('1m')
    expect(await seats()).toHaveLength(3)
    expect(booted.plugin.message).toBe(null)
    // It moves in the middle of a session.
    booted.bake('shop')
    await to('2026-03-02T08:10:00Z')
    await booted.client.channels.set('shop', 'stable', 2)
    await reset(2)
    await booted.settled()
    const versions = async () => {
      const { items } = await booted.client.environments.list({ limit: 1000 })
      return items.filter(({ name }) => name !== 'mine').map(({ name, template }) => `${name} ${template?.version}`)
    }
    expect((await versions()).sort()).toEqual(['intro-1 1', 'intro-2 1', 'intro-3 1'])
    await jump('2026-03-03T07:30:00Z')
    await to('2026-03-03T07:33:00Z')
    expect((await versions()).sort()).toEqual(['intro-1 2', 'intro-2 2', 'intro-3 2'])
  })

  it('lets the old one go first where a quota has no room for two, and has it back where there is none for one', async () => {
    let most = 4
    const quota = definePlugin({
      id: 'quota',
      config: Type.Object({}),
      setup: ({ client }) => ({
        async admit() {
          const { items } = await client.environments.list({ limit: 1000 })
          if (items.length >= most) throw new StandinError('quota_exceeded', `the project training may have ${most} environments`)
        },
      }),
    })
    // What it does not answer within two seconds is let through.
    await boot({ wave: 1 }, { beside: [[quota]], limits: { admitMs: 30_000 } })
    await to('2026-03-02T07:40:00Z')
    expect(await seats()).toHaveLength(3)
    await jump('2026-03-03T07:30:00Z')
    await to('2026-03-03T07:33:00Z')
    expect(await seats()).toEqual(['intro-1 1005 running', 'intro-2 1006 running', 'intro-3 1007 running'])
    most = 1
    await jump('2026-03-04T07:30:00Z')
    await to('2026-03-04T07:33:00Z')
    expect(await seats()).toEqual(['intro-1 1005 stopped', 'intro-2 1006 stopped', 'intro-3 1007 stopped'])
    expect((await notices()).filter((text) => text.startsWith('classroom.seat-failed'))).toEqual(
      [1, 2, 3].map((seat) => `classroom.seat-failed intro-${seat}: the project training may have 1 environments`),
    )
  })

  it('is left alone by the plugin suspend, whatever its rules', async () => {
    const rules = {
      idleAfter: '1m',
      nightly: [{ name: 'noon', at: '08:30', timeZone: 'UTC', days: '0-7' }],
      deletion: { afterAge: '1h', notice: '1m' },
    }
    await boot({}, { beside: [[suspendPlugin, rules]] })
    await to('2026-03-02T09:30:00Z')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1003 running', 'intro-3 1004 running'])
    await to('2026-03-02T11:10:00Z')
    expect(await seats()).toEqual(['intro-1 1002 suspended', 'intro-2 1003 suspended', 'intro-3 1004 suspended'])
  })

  it('wakes its seats in place of making them anew, where that is wished', async () => {
    await boot({ refresh: 'never' })
    await to('2026-03-02T07:35:00Z')
    await jump('2026-03-02T12:00:00Z')
    await jump('2026-03-03T07:30:00Z')
    await to('2026-03-03T07:35:00Z')
    expect(await seats()).toEqual(['intro-1 1002 running', 'intro-2 1003 running', 'intro-3 1004 running'])
    expect((await notices()).at(-1)).toBe('classroom.ready intro: 3 of 3 seats are ready')
  })
})
