import { describe, expect, it } from 'vitest'
import { opt, queryMessage, words } from '../testing/messages.ts'
import { rcode, rrType } from '../wire/protocol.ts'
import { AnswerCache, type CacheLimits, variantOf } from './answer-cache.ts'
import type { CachedAnswer, Keepable } from './cached-answer.ts'

const roomy: CacheLimits = { entries: 1000, bytes: 1 << 20 }
const plain = variantOf(false, false)

/** An address of the question's name. */
function address(ttl: number, last = 1): Keepable {
  const records = Buffer.concat([words(0xc00c, 1, 1, ttl >>> 16, ttl & 0xffff, 4), Buffer.from([192, 0, 2, last])])
  return {
    rcode: 0,
    authentic: false,
    negative: false,
    counts: [1, 0, 0],
    records,
    ttls: [6, ttl],
    lifetime: ttl,
    forAllTypes: false,
    explanation: undefined,
  }
}

function noName(lifetime: number): Keepable {
  const records = Buffer.concat([Buffer.from([0]), words(6, 1, 0, lifetime, 22), Buffer.alloc(22)])
  return {
    ...{ rcode: rcode.NXDOMAIN, authentic: false, negative: true, counts: [0, 1, 0] as const },
    ...{ records, ttls: [5, lifetime], lifetime, forAllTypes: true, explanation: undefined },
  }
}

class Bench {
  readonly cache: AnswerCache
  constructor(limits: CacheLimits = roomy) {
    this.cache = new AnswerCache(limits)
  }
  store(name: string, keepable: Keepable, options: { type?: number; variant?: number; now?: number } = {}): void {
    const message = queryMessage({ name, type: options.type ?? rrType.A })
    this.cache.store(message, message.length, options.variant ?? plain, keepable, options.now ?? 0)
  }
  find(name: string, now: number, options: { type?: number; variant?: number } = {}): CachedAnswer | undefined {
    const message = queryMessage({ name, type: options.type ?? rrType.A })
    return this.cache.find(message, message.length, options.variant ?? plain, now)
  }
  stale(name: string, now: number, restMs = 30_000): CachedAnswer | undefined {
    const message = queryMessage({ name })
    return this.cache.findStale(message, message.length, plain, now, restMs)
  }
  /** What is answered: undefined where nothing is in the cache. */
  ttl(name: string, now: number): number | undefined {
    return this.find(name, now)?.records.readUInt32BE(6)
  }
}

describe('AnswerCache', () => {
  it('takes an answer to the type 0 for no other type: nobody must be able to say with it that a name has nothing (RFC 6895, section 3.1)', () => {
    const bench = new Bench()
    bench.store('a.example', { ...noName(60), rcode: rcode.NOERROR, forAllTypes: false }, { type: 0 })
    expect(bench.find('a.example', 1)).toBeUndefined()
    expect(bench.find('a.example', 1, { type: 0 })).toBeDefined()
    bench.store('a.example', address(60))
    expect(bench.find('a.example', 1)?.counts).toEqual([1, 0, 0])
    expect(bench.find('a.example', 1, { type: 0 })).toBeDefined()
  })

  it('counts TTLs down and forgets what has none left (RFC 1035, section 3.2.1)', () => {
    const bench = new Bench()
    bench.store('a.example', address(60), { now: 500 })
    expect([500, 1400, 1500, 31_499, 60_499].map((now) => bench.ttl('a.example', now))).toEqual([60, 60, 59, 30, 1])
    expect(bench.ttl('a.example', 60_500)).toBeUndefined()
    expect(bench.ttl('b.example', 500)).toBeUndefined()
    expect(bench.cache.counters).toMatchObject({ hits: 5, misses: 2, entries: 1 })
  })

  it('finds a question in any case (RFC 4343, section 3)', () => {
    const bench = new Bench()
    bench.store('a.EXAMPLE', address(60))
    expect(bench.find('A.exAmple', 0)).toBeDefined()
    expect(bench.find('a@example', 0)).toBeUndefined()
  })

  it('keeps answers apart by type, DO and CD (RFC 4035, section 4.7; RFC 6840, section 5.9)', () => {
    const bench = new Bench()
    const variants = [variantOf(false, false), variantOf(true, false), variantOf(false, true), variantOf(true, true)]
    for (const [index, variant] of variants.entries()) bench.store('a.example', address(60, index), { variant })
    expect(variants.map((variant) => bench.find('a.example', 0, { variant })?.records[15])).toEqual([0, 1, 2, 3])
    expect(bench.find('a.example', 0, { type: rrType.AAAA })).toBeUndefined()
  })

  it('keeps what has a TTL of 0 for nobody (RFC 1035, section 3.2.1)', () => {
    const bench = new Bench()
    bench.store('a.example', address(0))
    expect(bench.find('a.example', 0)).toBeUndefined()
    expect(bench.cache.counters.entries).toBe(0)
  })

  it('answers NXDOMAIN for all types of the name, and for no name below it or beside it (RFC 2308, section 5)', () => {
    const bench = new Bench()
    bench.store('gone.example', noName(30), { type: rrType.A })
    expect(bench.find('gone.example', 0, { type: rrType.MX })).toMatchObject({ rcode: rcode.NXDOMAIN })
    expect(bench.find('Gone.example', 29_999, { type: rrType.TXT })?.records.readUInt32BE(5)).toBe(1)
    expect(bench.find('gone.example', 30_000, { type: rrType.TXT })).toBeUndefined()
    expect(bench.find('x.gone.example', 0)).toBeUndefined()
    expect(bench.find('gone.example', 0, { variant: variantOf(true, false) })).toBeUndefined()
  })

  it('forgets that a name did not exist when it does', () => {
    const bench = new Bench()
    bench.store('late.example', noName(300), { type: rrType.MX })
    bench.store('late.example', address(60))
    expect(bench.find('late.example', 0)).toMatchObject({ rcode: 0 })
    expect(bench.find('late.example', 0, { type: rrType.AAAA })).toBeUndefined()
    bench.store('late.example', noName(300))
    expect(bench.find('late.example', 0)).toMatchObject({ rcode: rcode.NXDOMAIN })
  })

  it('caps TTLs: a week, three hours for negative answers, and as configured', () => {
    const bench = new Bench()
    bench.store('a.example', address(0x7fff_ffff))
    expect(bench.ttl('a.example', 0)).toBe(604_800)
    bench.store('gone.example', noName(65_535))
    expect(bench.find('gone.example', 0)?.records.readUInt32BE(5)).toBe(10_800)
    const capped = new Bench({ ...roomy, minTtl: 10, maxTtl: 100, maxGivenTtl: 40 })
    for (const ttl of [0, 50, 5000]) capped.store(`a${ttl}.example`, address(ttl))
    expect([capped.ttl('a0.example', 0), capped.ttl('a50.example', 0), capped.ttl('a5000.example', 0)]).toEqual([10, 40, 40])
    expect([capped.ttl('a0.example', 9999), capped.ttl('a0.example', 10_000)]).toEqual([1, undefined])
    expect([capped.ttl('a5000.example', 70_000), capped.ttl('a5000.example', 100_000)]).toEqual([30, undefined])
    const positive = new Bench({ ...roomy, negatives: false })
    positive.store('gone.example', noName(60))
    expect(positive.find('gone.example', 0)).toBeUndefined()
  })

  it('gives a stale answer with a TTL of 30 and an extended error, for a while (RFC 8767, section 4; RFC 8914, section 4.4)', () => {
    const bench = new Bench({ ...roomy, staleFor: 100 })
    bench.store('a.example', address(60))
    expect(bench.find('a.example', 61_000)).toBeUndefined()
    const stale = bench.stale('a.example', 61_000) as CachedAnswer
    expect(stale.records.readUInt32BE(6)).toBe(30)
    expect(stale.option.readUInt16BE(4)).toBe(3)
    // Until the upstreams are tried again it is given at once.
    expect(bench.ttl('a.example', 90_999)).toBe(30)
    expect(bench.find('a.example', 91_000)).toBeUndefined()
    expect(bench.stale('a.example', 159_999)).toBeDefined()
    expect(bench.stale('a.example', 160_000)).toBeUndefined()
    bench.store('gone.example', noName(10))
    expect(bench.stale('gone.example', 20_000)?.option.readUInt16BE(4)).toBe(19)
    // A new answer is an answer like any other.
    bench.store('a.example', address(60), { now: 95_000 })
    expect(bench.find('a.example', 95_000)).toMatchObject({ option: Buffer.alloc(0) })
    const strict = new Bench(roomy)
    strict.store('a.example', address(60))
    expect(strict.stale('a.example', 61_000)).toBeUndefined()
  })

  it('has no more entries and octets than it may, and keeps what is asked for under a flood of names asked for once', () => {
    const bench = new Bench({ entries: 500, bytes: 1 << 20 })
    bench.store('popular.example', address(86_400))
    for (let index = 0; index < 20_000; index++) {
      bench.store(`n${index}.example`, address(86_400), { now: index })
      if (index % 100 === 0) expect(bench.find('popular.example', index)).toBeDefined()
      if (bench.cache.counters.entries > 500) expect.unreachable()
    }
    expect(bench.cache.counters).toMatchObject({ entries: 500, stored: 20_001 })
    // But for those whose hash another one had.
    expect(bench.cache.counters.evicted).toBeGreaterThan(19_490)
    const large: Keepable = { ...address(60), records: Buffer.concat([address(60).records, opt({ options: Buffer.alloc(5000) })]) }
    const narrow = new Bench({ entries: 500, bytes: 100_000 })
    for (let index = 0; index < 200; index++) {
      narrow.store(`n${index}.example`, large)
      expect(narrow.cache.counters.bytes).toBeLessThanOrEqual(100_000)
    }
    expect(narrow.cache.counters.entries).toBeGreaterThan(10)
    narrow.store('huge.example', { ...large, records: Buffer.alloc(40_000) })
    expect(narrow.find('huge.example', 0)).toBeUndefined()
  })

  it('finds what it has stored, and nothing else, in any order of storing and dropping', () => {
    const bench = new Bench({ entries: 64, bytes: 1 << 20 })
    const last = new Map<string, number>()
    let state = 1
    for (let round = 0; round < 20_000; round++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const name = `n${(state >>> 8) % 100}.example`
      if ((state & 0x80) === 0) {
        last.set(name, (state >>> 16) & 0xff)
        bench.store(name, address(60, (state >>> 16) & 0xff))
      } else {
        const found = bench.find(name, 0)
        if (found !== undefined) expect(found.records[15]).toBe(last.get(name))
      }
    }
    expect(bench.cache.counters.hits).toBeGreaterThan(3000)
    expect(bench.cache.counters.entries).toBe(64)
  })

  it('keeps nothing where it may have no entries', () => {
    const bench = new Bench({ entries: 0, bytes: 1 << 20 })
    bench.store('a.example', address(60))
    expect(bench.find('a.example', 0)).toBeUndefined()
  })
})
