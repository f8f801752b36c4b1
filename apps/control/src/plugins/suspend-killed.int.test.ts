import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Environment, Event } from '@standin/client'
import { TalkingProcess } from '@standin/testing'
import { afterEach, expect, it } from 'vitest'

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
const program = resolve(import.meta.dirname, '../fixtures/suspending-control.ts')
const parent = mkdtempSync(join(tmpdir(), 'standin-killed-'))
let running: TalkingProcess | undefined
afterEach(async () => {
  await running?.kill()
  rmSync(parent, { recursive: true, force: true })
})

it(`suspends and deletes each once, and nothing else, where control is killed ${rounds} times in the middle of it`, {
  timeout: 300_000,
}, async () => {
  const home = join(parent, 'home')
  let at = '2026-11-02T19:57:00.000Z'
  for (let round = 0; round < rounds; round++) {
    running = new TalkingProcess(program, [home, at, '2026-11-02T23:00:00.000Z'], (line) => {
      at = line
    })
    // After a start it waits for two minutes before it suspends anything.
    await running.printed(3 + Math.floor(Math.random() * 2))
    await pause(Math.random() * 40)
    await running.kill()
  }
  const killedAt = at
  let told = ''
  running = new TalkingProcess(program, [home, at, '2026-11-02T21:10:00.000Z'], (line) => {
    told = line
  })
  await running.ended()
  const { environments, events } = JSON.parse(told) as { environments: Environment[]; events: Event[] }

  const kinds: Record<string, Environment['state']> = {
    plain: 'suspended',
    used: 'suspended',
    pinned: 'running',
    demo: 'running',
    dated: 'deleted',
  }
  const is = environments.map(({ name, state, desired }) => `${name} ${state} ${desired}`).sort()
  expect(is).toEqual(environments.map(({ name }) => `${name} ${kinds[name.split('-')[0] ?? '']} ${kinds[name.split('-')[0] ?? '']}`).sort())
  expect(environments).toHaveLength(21)

  // Wanted once, by the plugin, and done once: whoever asked, and however often.
  const done = readFileSync(`${home}.done`, 'utf8').trim().split('\n')
  for (const { id, name, state } of environments) {
    const wanted = events.filter((event) => event.type === 'environment.desired' && event.environment === id && event.data.to !== 'running')
    const due = { running: [], suspended: ['suspended'], deleted: ['suspended', 'deleted'] }[state as 'running' | 'suspended' | 'deleted']
    expect([name, ...wanted.map(({ actor, data }) => `${actor} ${data.to}`)]).toEqual([name, ...due.map((to) => `plugin:suspend ${to}`)])
    const fell = done.filter((line) => line === `${id} running suspended`)
    expect([name, fell.length]).toEqual([name, state === 'running' ? 0 : 1])
    if (state === 'running')
      expect(
        done.filter((line) => line.startsWith(`${id} running `)),
        name,
      ).toEqual([])
  }
  // It was killed in the middle of it, not before.
  expect(events.filter((event) => event.actor === 'plugin:suspend' && event.data.to === 'suspended' && event.at < killedAt)).not.toEqual([])
  // Not before its time, and who was used at 19:51 not before 20:06.
  for (const { type, actor, at, data, environment } of events) {
    if (type !== 'environment.desired' || actor !== 'plugin:suspend') continue
    const { name } = environments.find(({ id }) => id === environment) as Environment
    const due = name === 'used' ? '20:06' : data.to === 'deleted' ? '21:00' : '20:00'
    expect(`${name} ${at.slice(11, 16)} ${at.slice(11, 16) >= due}`).toMatch(/true$/)
  }
})
