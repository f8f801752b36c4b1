import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Alias, Environment, Event, Plugin } from '@standin/client'
import { TalkingProcess } from '@standin/testing'
import { afterEach, expect, it } from 'vitest'

interface Told {
  readonly environments: readonly Environment[]
  readonly aliases: readonly Alias[]
  readonly events: readonly Event[]
  readonly plugin: Plugin
}

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
/** Of its clock; where whoever kills it is late, it ends by itself then. */
const mostMinutes = 8
/** The rounds begin before the first lesson; at the beginning of the last one nobody dies. */
const lessons = Math.ceil((rounds * mostMinutes) / 20) + 1
const minuteOf = (minutes: number) => new Date(Date.UTC(2026, 2, 2, 9, minutes)).toISOString()
const lastBegins = 20 * (lessons - 1)
const program = resolve(import.meta.dirname, 'fixtures/taught-control.ts')
const parent = mkdtempSync(join(tmpdir(), 'standin-taught-'))
let running: TalkingProcess | undefined
afterEach(async () => {
  await running?.kill()
  rmSync(parent, { recursive: true, force: true })
})

it(`has each seat once and none left over where control is killed ${rounds} times while seats are made and made anew`, {
  timeout: 120_000 + rounds * 30_000,
}, async () => {
  const home = join(parent, 'home')
  let at = '2026-03-02T08:52:30.000Z'
  let told = ''
  const goOn = (until: string) => {
    running = new TalkingProcess(program, [home, `${lessons}`, at, until], (line) => {
      if (line.startsWith('{')) told = line
      else at = line
    })
    return running
  }
  const die = async (lines: number, withinMs: number) => {
    const control = goOn(new Date(Date.parse(at) + mostMinutes * 60_000).toISOString())
    await control.printed(lines)
    await pause(Math.random() * withinMs)
    await control.kill()
  }
  const finish = async (until: string): Promise<Told> => {
    await goOn(until).ended()
    return JSON.parse(told)
  }
  for (let round = 0; round < rounds; round++) await die(2 + Math.floor(Math.random() * 4), 150)
  const seatOf = ({ labels }: Pick<Environment, 'labels'>) => Number(labels['classroom.seat'])

  const during = await finish(minuteOf(lastBegins + 5))
  const there = during.environments.filter(({ name }) => name !== 'mine')
  expect(there.map(({ name, state }) => `${name.replace('-new', '')} ${state}`).sort()).toEqual(
    [1, 2, 3, 4, 5].map((seat) => `intro-${seat} running`),
  )
  const led = during.aliases.map(({ host, environment }) => [host.split('.')[0], environment])
  expect(led).toEqual(there.toSorted((a, b) => seatOf(a) - seatOf(b)).map((each) => [`intro-${seatOf(each)}`, each.id]))

  // It dies while the seats go, too: the fifth minute is the one in which the class ends.
  await die(5, 400)
  await die(1, 400)
  const after = await finish(minuteOf(lastBegins + 35))
  expect(after.environments.map(({ name, state }) => `${name} ${state}`)).toEqual(['mine running'])
  expect(after.aliases).toEqual([])
  expect(after.plugin.health).toBe('ok')
  // The class alone is remembered, with its report.
  expect(after.plugin.stored.keys).toBe(1)

  const seats = new Map<number, number>()
  const alive = new Map<number, Set<number>>()
  const kinds: string[] = []
  for (const { type, environment, data, actor } of after.events) {
    if (type === 'notice') kinds.push(`${data.kind}`)
    if (type === 'environment.created' && actor === 'plugin:classroom' && environment !== null) {
      const seat = seatOf(data as Pick<Environment, 'labels'>)
      seats.set(environment, seat)
      alive.set(seat, (alive.get(seat) ?? new Set()).add(environment))
    }
    if (type === 'environment.desired' && data.to === 'deleted') alive.get(seats.get(environment ?? 0) ?? 0)?.delete(environment ?? 0)
    for (const [seat, ids] of alive) expect(ids.size, `seat ${seat}: ${[...ids]}`).toBeLessThanOrEqual(2)
  }
  expect(seats.size).toBeGreaterThanOrEqual(5)
  // Told once, whatever died.
  for (const [kind, most] of [
    ['session-began', lessons],
    ['ready', lessons],
    ['ended', 1],
  ] as const)
    expect(kinds.filter((each) => each === `classroom.${kind}`).length, kind).toBeLessThanOrEqual(most)
  expect(kinds.at(-1)).toBe('classroom.ended')
})
