import type { InjectedFault } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { compileFaults } from '../routing/planned-fault.ts'
import { chooseFaults, seeded } from './choose-faults.ts'

const fault = (more: Partial<InjectedFault>): InjectedFault => ({
  id: 'f1',
  kind: 'abort',
  percent: 100,
  expiresAt: '2026-11-21T12:00:00.000Z',
  ...more,
})
const before = Date.parse('2026-11-21T11:59:59.999Z')
const choose = (
  faults: InjectedFault[],
  { path = '/', raw = [], random = seeded(1), now = before }: { path?: string; raw?: string[]; random?: () => number; now?: number } = {},
) => chooseFaults(compileFaults(faults) ?? [], { path, raw }, random, now)

describe('chooseFaults', () => {
  it('ends a fault by the clock alone, whatever the table says', () => {
    expect(choose([fault({})])?.abort?.id).toBe('f1')
    expect(choose([fault({})], { now: before + 1 })).toBeNull()
    expect(choose([fault({ expiresAt: 'some day' })])).toBeNull()
  })

  it.each([1, 20, 50, 99])('draws about %i percent of the requests, the same ones for the same seed', (percent) => {
    const draw = () => {
      const random = seeded(7)
      return Array.from({ length: 10_000 }, () => choose([fault({ percent })], { random }) !== null)
    }
    const drawn = draw()
    const share = drawn.filter(Boolean).length / 100
    expect(share).toBeGreaterThan(percent - 2)
    expect(share).toBeLessThan(percent + 2)
    expect(draw()).toEqual(drawn)
  })

  it('draws each fault for itself, and takes the first of those that do the same', () => {
    const slow = fault({ id: 'slow', kind: 'delay', delayMs: 5 })
    const chosen = choose([slow, fault({}), fault({ id: 'f2', status: 418 }), fault({ id: 'f3', kind: 'throttle' })])
    expect(chosen?.label).toBe('delay;id=slow, throttle;id=f3, abort;id=f1')
    expect(choose([fault({}), fault({ id: 'r', kind: 'reset' })])?.label).toBe('reset;id=r')
    // The first draw hits nobody, the second everybody.
    const draws = [0.9, 0.1]
    const half = choose([fault({ percent: 50 }), fault({ id: 'f2', percent: 50 })], { random: () => draws.shift() as number })
    expect(half?.label).toBe('abort;id=f2')
  })

  it('looks at a header by name in any case, and at its exact value', () => {
    const faults = [fault({ header: { name: 'X-Break', value: 'yes' } })]
    expect(choose(faults, { raw: ['x-break', 'no', 'X-BREAK', 'yes'] })).not.toBeNull()
    expect(choose(faults, { raw: ['x-break', 'Yes'] })).toBeNull()
    expect(choose(faults)).toBeNull()
    expect(choose([fault({ header: { name: 'x-break' } })], { raw: ['X-Break', ''] })).not.toBeNull()
  })

  it('looks at the path by whole segments', () => {
    const faults = [fault({ path: '/api' })]
    expect(['/api', '/api/x', '/api?y', '/apix', '/', '/x/api'].map((path) => choose(faults, { path }) !== null)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
