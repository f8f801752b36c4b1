import { describe, expect, it } from 'vitest'
import { RandomOctets } from './random-octets.ts'
import { UpstreamHealth } from './upstream-health.ts'
import { UpstreamLink } from './upstream-link.ts'
import { turnOf } from './upstream-order.ts'

const link = (last: number) => new UpstreamLink({ address: `192.0.2.${last}`, port: 53 }, new RandomOctets())

describe('UpstreamHealth', () => {
  it('smooths round trips, and waits for a reply as long as they vary (RFC 6298, section 2)', () => {
    const health = new UpstreamHealth()
    expect(health.timeoutMs).toBe(400)
    health.answered(100, 0)
    expect([health.roundTrip, health.timeoutMs]).toEqual([100, 300])
    for (let round = 0; round < 50; round++) health.answered(20, round)
    expect(health.roundTrip).toBeCloseTo(20, 0)
    expect(health.timeoutMs).toBe(200)
    for (let round = 0; round < 50; round++) health.answered(9000, round)
    expect(health.timeoutMs).toBe(1500)
  })

  it('says with a reason when it changes: down after three misses in a row, back with the first answer', () => {
    const changes: string[] = []
    const health = new UpstreamHealth((state, reason) => changes.push(`${state}: ${reason}`))
    health.answered(1, 0)
    health.missed('silence', 1)
    health.missed('silence', 2)
    health.answered(1, 3)
    for (let miss = 0; miss < 4; miss++) health.missed('closed', 4)
    health.answered(1, 5)
    expect(changes).toEqual([
      ...['healthy: it answered', 'failing: silence', 'healthy: it answered'],
      ...['failing: closed', 'down: closed', 'healthy: it answered'],
    ])
  })

  it('lets others go first while it takes longer than usual', () => {
    const [first, second] = [link(1), link(2)]
    first.health.answered(5, 0)
    second.health.answered(50, 0)
    first.health.late(1)
    expect(first.health.state).toBe('failing')
    expect(turnOf([first, second], 'best', 1).links).toEqual([second, first])
    expect(turnOf([first, second], 'strict', 1).links).toEqual([first, second])
  })

  it('is tried again ever less often while it is down', () => {
    const health = new UpstreamHealth()
    for (let miss = 0; miss < 3; miss++) health.missed('silence', 0)
    const tries: number[] = []
    for (let now = 0; now < 200_000; now += 100) {
      if (!health.takeProbe(now)) continue
      tries.push(now)
      health.missed('silence', now)
    }
    expect(tries.slice(0, 6)).toEqual([1000, 3000, 7000, 15_000, 31_000, 61_000])
  })
})

describe('order of upstreams', () => {
  it('is by round trip, with those that are down at the end', () => {
    const [slow, fast, down] = [link(1), link(2), link(3)]
    slow.health.answered(50, 0)
    fast.health.answered(5, 0)
    for (let miss = 0; miss < 3; miss++) down.health.missed('silence', 0)
    expect(turnOf([down, slow, fast], 'best', 1)).toEqual({ links: [fast, slow, down], atOnce: 1 })
    expect(turnOf([down, slow, fast], 'strict', 1)).toEqual({ links: [slow, fast, down], atOnce: 1 })
    expect(turnOf([down, slow, fast], 'all', 1).atOnce).toBe(3)
  })

  it('asks now and then another one too, one at a time', () => {
    const [slow, fast, down] = [link(1), link(2), link(3)]
    slow.health.answered(50, 0)
    fast.health.answered(5, 0)
    for (let miss = 0; miss < 3; miss++) down.health.missed('silence', 0)
    expect(turnOf([slow, fast, down], 'best', 2000)).toEqual({ links: [fast, down, slow], atOnce: 2 })
    expect(turnOf([slow, fast, down], 'best', 2001).atOnce).toBe(1)
    expect(turnOf([slow, fast, down], 'best', 5000)).toEqual({ links: [fast, slow, down], atOnce: 2 })
    expect(turnOf([slow, fast, down], 'best', 5001).atOnce).toBe(1)
  })

  it('as listed: tells nobody but the first, until it is down, and then tries whether it is back', () => {
    const [first, second] = [link(1), link(2)]
    expect(turnOf([first, second], 'strict', 0)).toEqual({ links: [first, second], atOnce: 1 })
    expect(turnOf([first, second], 'strict', 60_000).atOnce).toBe(1)
    for (let miss = 0; miss < 3; miss++) first.health.missed('silence', 0)
    expect(turnOf([first, second], 'strict', 500)).toEqual({ links: [second, first], atOnce: 1 })
    expect(turnOf([first, second], 'strict', 1000)).toEqual({ links: [second, first], atOnce: 2 })
  })
})
