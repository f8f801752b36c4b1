import { type Answer, answerOf } from '../wire/answer.ts'
import { rcode, rrType } from '../wire/protocol.ts'
import { rareRecord } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import { apexTtl, negativeTtl } from './lifetime.ts'

/**
 * SOA and NS of a zone at one revision, and what it says of names and types that it does not have. Encoded when first
 * asked for.
 */
export class ZoneApex {
  readonly #origin: string
  readonly #nameServer: string
  readonly #serial: number
  readonly #negativeTtl: number
  readonly #negatives = new Map<string, Answer>()

  /**
   * `revision` of the table becomes the serial, modulo 2^32 (RFC 1982). Names are text. `ttl`, in seconds: nobody may keep
   * for longer that there is no such name.
   */
  constructor(origin: string, nameServer: string, revision: number, ttl: number) {
    this.#origin = origin
    this.#negativeTtl = Math.min(ttl, negativeTtl)
    this.#nameServer = nameServer
    this.#serial = revision % 2 ** 32
  }

  /** Undefined: no records of that type at the apex. */
  answer(type: number): Answer | undefined {
    if (type === rrType.SOA) return answerOf({ counts: [1, 0, 0], records: this.#soa(apexTtl) })
    if (type === rrType.ANY) return anyAnswer(apexTtl)
    if (type !== rrType.NS) return undefined
    return answerOf({ counts: [1, 0, 0], records: rareRecord(this.#origin, rrType.NS, apexTtl, { ns: this.#nameServer }) })
  }

  /** For a name that exists and has no records of its own: `isApex`: it is the zone's. */
  answerAt(isApex: boolean, type: number): Answer {
    return (isApex ? this.answer(type) : undefined) ?? this.noData()
  }

  /** The name exists, but not with this type: RFC 2308, section 2.2. `ttl` in seconds. */
  noData(ttl: number = this.#negativeTtl): Answer {
    return this.#negative(rcode.NOERROR, ttl)
  }

  /** Neither the name nor one below it exists: RFC 2308, section 2.1. */
  noName(ttl: number = this.#negativeTtl): Answer {
    return this.#negative(rcode.NXDOMAIN, ttl)
  }

  #negative(code: number, ttl: number): Answer {
    const key = `${code} ${ttl}`
    let answer = this.#negatives.get(key)
    if (answer === undefined) {
      answer = answerOf({ rcode: code, counts: [0, 1, 0], records: this.#soa(Math.min(ttl, this.#negativeTtl)) })
      this.#negatives.set(key, answer)
    }
    return answer
  }

  #soa(ttl: number): Buffer {
    return rareRecord(this.#origin, rrType.SOA, ttl, {
      primary: this.#nameServer,
      admin: `hostmaster.${this.#nameServer}`,
      serial: this.#serial,
      refresh: 3600,
      retry: 600,
      expiration: 86_400,
      minimum: this.#negativeTtl,
    })
  }
}
