import { expect, it } from 'vitest'
import { Retries } from './retries.ts'

/** At which minutes it is tried, where it always fails. */
function triedAt(minutes: number, retries: Retries<string>, clock: { now: number }): number[] {
  const tried: number[] = []
  for (let minute = 0; minute <= minutes; minute++) {
    clock.now = minute * 60_000
    if (retries.reason('page') !== null) continue
    tried.push(minute)
    retries.fail('page', 'no wiki')
  }
  return tried
}

it('has what failed wait twice as long after each failure, an hour at most, and from the beginning once it succeeded', () => {
  const clock = { now: 0 }
  const retries = new Retries<string>(() => clock.now, 60_000)
  expect(triedAt(250, retries, clock)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  expect(retries.reason('page')).toBe('no wiki')
  expect(retries.reason('other')).toBe(null)
  retries.succeed('page')
  expect(triedAt(4, retries, clock)).toEqual([0, 1, 3])
  retries.keep(new Set(['other']))
  expect(triedAt(4, retries, clock)).toEqual([0, 1, 3])
})

it('has it wait as long as the other side asked', () => {
  let now = 0
  const retries = new Retries<string>(() => now, 60_000)
  retries.fail('page', 'slow down', 7_200_000)
  now = 7_199_999
  expect(retries.reason('page')).toBe('slow down')
  now = 7_200_000
  expect(retries.reason('page')).toBe(null)
})
