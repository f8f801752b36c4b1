import { randomInt } from 'node:crypto'
import { lowerCaseOctet, type WireName } from '../wire/name.ts'
import { size } from '../wire/protocol.ts'
import { allTypes, CachedAnswer, type Keepable } from './cached-answer.ts'

/** Seconds; a week: RFC 8767, section 4. */
const longestTtl = 604_800
/** Seconds; "one to three hours have been found to work well": RFC 2308, section 5. */
const longestNegativeTtl = 10_800
/** Seconds; how long `minCacheTtl` may raise a TTL at most. */
const longestRaise = 3600

export interface CacheLimits {
  /** 0: nothing is kept. */
  readonly entries: number
  /** Octets that all entries together may take, with what the objects around them take. */
  readonly bytes: number
  /** Seconds. Shorter TTLs are raised to it when they are stored. */
  readonly minTtl?: number
  /** Seconds. Longer TTLs are cut to it when they are stored. */
  readonly maxTtl?: number
  /** Seconds. No TTL that is given is longer; what is stored stays as it is. */
  readonly maxGivenTtl?: number
  /** Whether negative answers are kept. */
  readonly negatives?: boolean
  /** Seconds that an answer is held after its time, for when no upstream can be reached; 0: not at all. */
  readonly staleFor?: number
}

/** Numbers that only grow, but for the last two. */
export interface CacheCounters {
  hits: number
  misses: number
  /** Stale answers given. */
  stale: number
  stored: number
  /** Those that had to go for others. */
  evicted: number
  entries: number
  bytes: number
}

/** The part of the key that keeps answers apart which differ for the same question: DO and CD. */
export function variantOf(dnssecOk: boolean, checkingDisabled: boolean): number {
  return (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0)
}

/**
 * What upstreams said, by question, DO and CD. A question is looked up by its octets as they came: nothing is built for a
 * hit. The number of entries and of octets is bounded; what was not asked for again goes first (a clock: new entries have no
 * use yet, so a flood of names asked for once drives out itself).
 *
 * Whole messages are kept, never single records: what an upstream adds about other names is given to who asked and is
 * never an answer to another question (RFC 5452, section 6; RFC 2181, section 5.4.1).
 */
export class AnswerCache {
  readonly counters: CacheCounters = { hits: 0, misses: 0, stale: 0, stored: 0, evicted: 0, entries: 0, bytes: 0 }
  readonly #limits: Required<CacheLimits>
  /** One entry a hash: where two questions have the same, the later one stays. */
  readonly #entries = new Map<number, CachedAnswer>()
  readonly #clock: CachedAnswer[] = []
  #hand = 0
  /** So that nobody can choose names that drive out others. */
  readonly #seed = randomInt(0x4000_0000)

  constructor(limits: CacheLimits) {
    this.#limits = {
      entries: limits.entries,
      bytes: limits.bytes,
      minTtl: Math.min(limits.minTtl ?? 0, longestRaise),
      maxTtl: limits.maxTtl ?? longestTtl,
      maxGivenTtl: limits.maxGivenTtl ?? Number.POSITIVE_INFINITY,
      negatives: limits.negatives ?? true,
      staleFor: limits.staleFor ?? 0,
    }
  }

  /**
   * The answer to the question that stands in `message` up to `questionEnd`, with the TTLs of `now` (milliseconds of a clock
   * that never goes back). Also a stale one whose upstreams were found out of reach less than half a minute ago.
   */
  find(message: Uint8Array, questionEnd: number, variant: number, now: number): CachedAnswer | undefined {
    const found = this.#lookUp(message, questionEnd, variant)
    if (found !== undefined) {
      if (now < found.expiresAt) {
        found.used = true
        found.countDown(now, this.#limits.maxGivenTtl)
        this.counters.hits++
        return found
      }
      if (now < found.staleUntil && this.#isHeld(found, now)) return this.#giveStale(found)
    }
    this.counters.misses++
    return undefined
  }

  /**
   * An answer whose time is over, for when its upstreams are out of reach (RFC 8767, section 5).
   * @param restMs for how long `find` gives it without another try
   */
  findStale(message: Uint8Array, questionEnd: number, variant: number, now: number, restMs: number): CachedAnswer | undefined {
    const found = this.#lookUp(message, questionEnd, variant)
    if (found === undefined || !this.#isHeld(found, now)) return undefined
    if (now >= found.expiresAt) {
      found.staleUntil = now + restMs
      return this.#giveStale(found)
    }
    found.countDown(now, this.#limits.maxGivenTtl)
    return found
  }

  /** Keeps an answer to the question in `message`, in place of an earlier one. Not where its lifetime is 0 (RFC 1035, section 3.2.1). */
  store(message: Uint8Array, questionEnd: number, variant: number, keepable: Keepable, now: number): void {
    const limits = this.#limits
    if (keepable.negative && !limits.negatives) return
    const cap = keepable.negative ? Math.min(limits.maxTtl, longestNegativeTtl) : limits.maxTtl
    const lifetime = Math.min(Math.max(keepable.lifetime, limits.minTtl), cap)
    if (lifetime <= 0) return
    const type = keepable.forAllTypes ? allTypes : typeOf(message, questionEnd)
    const hash = this.#hash(message, questionEnd, type, variant)
    const ttls = keepable.ttls.map((value, index) => (index % 2 === 0 ? value : Math.min(Math.max(value, limits.minTtl), cap)))
    const entry = new CachedAnswer({ name: nameOf(message, questionEnd), type, variant, hash }, { ...keepable, ttls }, lifetime, now)
    // One that is as large as many others isn't worth them.
    if (entry.cost > limits.bytes / 8) return
    this.#put(entry, now)
    // A name that doesn't exist has no types any more, and one that does isn't missing.
    const other = this.#entries.get(this.#hash(message, questionEnd, type === allTypes ? typeOf(message, questionEnd) : allTypes, variant))
    if (other !== undefined && other !== entry && other.name === entry.name) this.#remove(other)
  }

  #lookUp(message: Uint8Array, questionEnd: number, variant: number): CachedAnswer | undefined {
    const type = typeOf(message, questionEnd)
    const nameHash = this.#hashName(message, questionEnd)
    const found = this.#entries.get(mix(nameHash, type, variant))
    if (found !== undefined && found.type === type && isFor(found, message, questionEnd, variant)) return found
    const noName = this.#entries.get(mix(nameHash, allTypes, variant))
    if (noName !== undefined && noName.type === allTypes && isFor(noName, message, questionEnd, variant)) return noName
    return undefined
  }

  #isHeld(entry: CachedAnswer, now: number): boolean {
    return now < entry.expiresAt + this.#limits.staleFor * 1000
  }

  #giveStale(entry: CachedAnswer): CachedAnswer {
    entry.used = true
    entry.turnStale()
    this.counters.stale++
    return entry
  }

  #put(entry: CachedAnswer, now: number): void {
    const before = this.#entries.get(entry.hash)
    if (before !== undefined) this.#remove(before)
    const { cost } = entry
    while (this.#clock.length > 0 && (this.#clock.length >= this.#limits.entries || this.counters.bytes + cost > this.#limits.bytes))
      this.#evict(now)
    if (this.#clock.length >= this.#limits.entries) return
    entry.slot = this.#clock.length
    this.#clock.push(entry)
    this.#entries.set(entry.hash, entry)
    this.counters.stored++
    this.counters.entries = this.#clock.length
    this.counters.bytes += cost
  }

  /** The first that the hand finds unused, or of no use any more; after one round that is so of all. */
  #evict(now: number): void {
    for (;;) {
      if (this.#hand >= this.#clock.length) this.#hand = 0
      const entry = this.#clock[this.#hand] as CachedAnswer
      if (!entry.used || !this.#isHeld(entry, now)) {
        this.counters.evicted++
        this.#remove(entry)
        return
      }
      entry.used = false
      this.#hand++
    }
  }

  #remove(entry: CachedAnswer): void {
    this.#entries.delete(entry.hash)
    const last = this.#clock.pop() as CachedAnswer
    if (last !== entry) {
      this.#clock[entry.slot] = last
      last.slot = entry.slot
    }
    this.counters.entries = this.#clock.length
    this.counters.bytes -= entry.cost
  }

  #hash(message: Uint8Array, questionEnd: number, type: number, variant: number): number {
    return mix(this.#hashName(message, questionEnd), type, variant)
  }

  /** From a seed of ours, each octet spread over all bits: names differ in few of theirs. */
  #hashName(message: Uint8Array, questionEnd: number): number {
    let hash = this.#seed
    const end = questionEnd - 4
    for (let at = size.header; at < end; at++) {
      hash = Math.imul(hash ^ (lowerCaseOctet[message[at] as number] as number), 0x5bd1_e995)
      hash ^= hash >>> 15
    }
    return hash
  }
}

/** Thirty bits: more, and the engine would have to box them. */
function mix(nameHash: number, type: number, variant: number): number {
  const hash = Math.imul(nameHash ^ ((type << 2) | variant), 0x85eb_ca6b)
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff
}

function typeOf(message: Uint8Array, questionEnd: number): number {
  return ((message[questionEnd - 4] as number) << 8) | (message[questionEnd - 3] as number)
}

function nameOf(message: Uint8Array, questionEnd: number): WireName {
  let name = ''
  for (let at = size.header; at < questionEnd - 4; at++) name += String.fromCharCode(lowerCaseOctet[message[at] as number] as number)
  // Flat, in one piece: it was put together octet by octet.
  return Buffer.from(name, 'latin1').toString('latin1')
}

function isFor(entry: CachedAnswer, message: Uint8Array, questionEnd: number, variant: number): boolean {
  const { name } = entry
  const { length } = name
  if (entry.variant !== variant || length !== questionEnd - 4 - size.header) return false
  for (let at = 0; at < length; at++) if (name.charCodeAt(at) !== lowerCaseOctet[message[size.header + at] as number]) return false
  return true
}
