import { describe, expect, it } from 'vitest'
import { endpointsOf, poolOf } from '../testing/pools.ts'
import type { Upstream } from './upstream.ts'

const sticky = { balance: 'sticky' } as const
const eject = { failures: 1, forMs: 60_000 }
const nameOf = (made: ReturnType<typeof poolOf>, port: number) => made.pool.newCookie(made.at(port), null) as string

describe('a sticky pool', () => {
  it('leads a client back to the instance that its cookie names', () => {
    const made = poolOf([1, 1, 1], sticky)
    for (const port of [2, 1, 3, 3, 1]) {
      const cookies = [nameOf(made, port)]
      for (let i = 0; i < 4; i++) expect(made.send(cookies)).toBe(port)
      expect(made.pool.newCookie(made.at(port), cookies), 'the client has it already').toBeNull()
    }
  })

  it('spreads clients that come without a cookie, and those whose cookie it does not know', () => {
    const made = poolOf([2, 1], sticky)
    expect(made.sharesOf(30)).toEqual([0, 20, 10])
    const ports = Array.from({ length: 30 }, () => made.send(['made-up']))
    expect(ports.filter((port) => port === 1)).toHaveLength(20)
  })

  it('takes another instance where the named one is unwell or gone, and says so by a new cookie', () => {
    const made = poolOf([1, 1, 1], { ...sticky, eject })
    const cookies = [nameOf(made, 2)]
    made.fail(2, 1)
    const other = made.send(cookies)
    expect(other).not.toBe(2)
    expect(made.pool.newCookie(made.at(other), cookies)).toBe(nameOf(made, other))
    const gone = [nameOf(made, 3)]
    made.replace(endpointsOf([1, 1, 1]).slice(0, 2))
    expect(made.send(gone)).toBe(1)
  })

  it('keeps the sessions of a drained instance, and gives it no others', () => {
    const made = poolOf([1, 1], sticky)
    const cookies = [nameOf(made, 1)]
    made.replace([0, 1])
    expect([made.send(cookies), made.send(), made.send()]).toEqual([1, 2, 2])
    made.replace([0, 0])
    expect([made.send(cookies), made.send()]).toEqual([1, 0])
  })

  it('stays where it is when the table is replaced every second', () => {
    const made = poolOf([1, 1, 1], sticky)
    const cookies = [nameOf(made, 3)]
    for (let second = 0; second < 5; second++) {
      made.replace([1, 1, 1])
      expect(made.send(cookies)).toBe(3)
    }
  })

  it('goes by the first cookie that names somebody: a host may have one for each path', () => {
    const made = poolOf([1, 1, 1], sticky)
    expect(made.send(['of another path', nameOf(made, 3), nameOf(made, 1)])).toBe(3)
  })

  it('does not tell addresses, and takes the same names on every gateway with the same key', () => {
    const key = Buffer.alloc(32, 7)
    const [one, other] = [poolOf([1, 1], sticky, { stickyKey: () => key }), poolOf([1, 1], sticky, { stickyKey: () => key })]
    const stranger = poolOf([1, 1], sticky, { stickyKey: () => Buffer.alloc(32, 8) })
    expect(nameOf(one, 1)).toMatch(/^[\w-]{22}$/)
    expect(nameOf(one, 1)).toBe(nameOf(other, 1))
    expect(new Set([nameOf(one, 1), nameOf(one, 2), nameOf(stranger, 1)]).size).toBe(3)
    one.replace(endpointsOf([1, 1], 2))
    expect(nameOf(one, 1), 'another generation is another instance').not.toBe(nameOf(other, 1))
  })

  it('stays with an instance that closed an idle connection, and leaves one that takes none', () => {
    const made = poolOf([1, 1, 1], sticky)
    const attempt = { retries: 0, wasAnswered: false, hasBody: false, bodyStarted: false, method: 'GET' }
    made.pool.enter(0)
    const chosen = made.pool.choose([nameOf(made, 2)]) as Upstream
    expect(made.pool.retry(chosen, { ...attempt, isSent: true, diedUnused: true })).toBe(chosen)
    expect(made.pool.retry(chosen, { ...attempt, isSent: false, diedUnused: false })).not.toBe(chosen)
  })

  it('does not lead past the limit of connections', () => {
    const made = poolOf([1, 1], { ...sticky, connections: 1 })
    const cookies = [nameOf(made, 1)]
    made.pool.enter(0)
    expect(made.pool.choose(cookies)).toBe(made.at(1))
    made.pool.enter(0)
    expect((made.pool.choose(cookies) as Upstream).endpoint.port).toBe(2)
  })
})
