import { type Answer, extendedErrorOption } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { extendedError, rcode as rcodes } from '../wire/protocol.ts'

/** Seconds that a stale answer may be kept by who asked: RFC 8767, section 4. */
const staleTtl = 30

/** In place of a type: whatever is asked of the name. No question can have it, as types have 16 bits; 0 may well be asked for. */
export const allTypes = 0x1_0000

const nothing = Buffer.alloc(0)
const staleAnswer = extendedErrorOption(extendedError.STALE_ANSWER, '')
const staleNoName = extendedErrorOption(extendedError.STALE_NXDOMAIN_ANSWER, '')

/** What an upstream said, checked, in the form in which it is kept. Times in seconds. */
export interface Keepable {
  readonly rcode: number
  /** The upstream had validated it, and is one that we take that from (RFC 4035, section 3.2.3). */
  readonly authentic: boolean
  /** There is no such name, or nothing of this type: RFC 2308, section 2. */
  readonly negative: boolean
  readonly counts: readonly [answers: number, authorities: number, additionals: number]
  /** Wire form, without OPT. */
  readonly records: Buffer
  /** Pairs: where in `records` a TTL stands, and how long it is. */
  readonly ttls: readonly number[]
  /** From the least of the TTLs, for a negative answer by RFC 2308, section 5. */
  readonly lifetime: number
  /** NXDOMAIN of the name that was asked for, so for all of its types (RFC 2308, section 5); of an alias's target it isn't. */
  readonly forAllTypes: boolean
  /** An extended error that the upstream gave with it, as an option in wire form (RFC 8914). */
  readonly explanation: Buffer | undefined
}

/**
 * An answer in the cache. Its records have the TTLs that are right at the moment at which it was found, and are to be
 * copied before the next turn of the event loop.
 */
export class CachedAnswer implements Answer {
  readonly rcode: number
  readonly authoritative = false
  readonly authentic: boolean
  readonly counts: readonly [number, number, number]
  readonly records: Buffer
  option: Buffer
  readonly name: WireName
  /** Of the question, or `allTypes`. */
  readonly type: number
  /** DO and CD of the question. */
  readonly variant: number
  readonly hash: number
  /** Milliseconds. */
  readonly storedAt: number
  readonly expiresAt: number
  /** Until then it is given although it is stale, as its upstreams were out of reach a moment ago. */
  staleUntil = 0
  /** Since the clock's hand was here. */
  used = false
  slot = -1
  readonly #ttls: readonly number[]
  /** The age, in seconds, that the TTLs in `records` are of; -1: they are a stale answer's; -2: those of the upstream. */
  #stamped = -2

  constructor(key: { name: WireName; type: number; variant: number; hash: number }, keepable: Keepable, lifetime: number, now: number) {
    this.name = key.name
    this.type = key.type
    this.variant = key.variant
    this.hash = key.hash
    this.rcode = keepable.rcode
    this.authentic = keepable.authentic
    this.option = keepable.explanation ?? nothing
    this.counts = keepable.counts
    // Of its own: a slice would keep all of what it was cut from.
    this.records = Buffer.allocUnsafeSlow(keepable.records.length)
    this.records.set(keepable.records)
    this.#ttls = keepable.ttls
    this.storedAt = now
    this.expiresAt = now + lifetime * 1000
  }

  /** The octets are the same for everybody until a TTL in them has to be another one. A stale answer's are not to be kept. */
  get keepUntil(): number {
    if (this.#stamped < 0 || this.authentic) return 0
    return Math.min(this.storedAt + (this.#stamped + 1) * 1000, this.expiresAt)
  }

  get isStale(): boolean {
    return this.#stamped === -1
  }

  /** Octets, with what the objects around it take. */
  get cost(): number {
    return this.records.length + this.name.length + this.#ttls.length * 4 + 640
  }

  /** Writes the TTLs of `now`; most hits are within the second of the last one and find them written. */
  countDown(now: number, maxTtl: number): void {
    const age = Math.floor((now - this.storedAt) / 1000)
    if (age !== this.#stamped) this.#stamp(age, maxTtl)
  }

  /** Makes it a stale answer: RFC 8767, section 4; RFC 8914, sections 4.4 and 4.20. */
  turnStale(): void {
    if (this.#stamped === -1) return
    this.#stamped = -1
    this.option = this.rcode === rcodes.NXDOMAIN ? staleNoName : staleAnswer
    for (let index = 0; index < this.#ttls.length; index += 2) this.#write(this.#ttls[index] as number, staleTtl)
  }

  #stamp(age: number, maxTtl: number): void {
    this.#stamped = age
    for (let index = 0; index < this.#ttls.length; index += 2) {
      const left = (this.#ttls[index + 1] as number) - age
      this.#write(this.#ttls[index] as number, Math.min(left, maxTtl))
    }
  }

  #write(at: number, ttl: number): void {
    const { records } = this
    records[at] = ttl >>> 24
    records[at + 1] = ttl >>> 16
    records[at + 2] = ttl >>> 8
    records[at + 3] = ttl
  }
}
