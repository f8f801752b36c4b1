import { addressBytes } from '../wire/address.ts'
import { type Answer, answerOf } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import type { NameNode } from './name-node.ts'

/** Instead of all records of a name, which nobody needs and an attacker would like: RFC 8482, section 4.2. */
export function anyAnswer(ttl: number): Answer {
  return answerOf({ counts: [1, 0, 0], records: recordSet(rrType.HINFO, ttl, [Buffer.from('\x07RFC8482\x00', 'latin1')]) })
}

/**
 * A name and its addresses. Its answers are encoded when they are first asked for and kept as wire bytes; a name that
 * changes is another node, so nothing has to be thrown away.
 */
export class AddressNode implements NameNode {
  readonly ttl: number
  readonly #addresses: readonly string[]
  /** Null: there is none of that family. */
  #ipv4: Answer | null | undefined
  #ipv6: Answer | null | undefined

  constructor(addresses: readonly string[], ttl: number) {
    this.#addresses = addresses
    this.ttl = ttl
  }

  get isBare(): boolean {
    return this.#addresses.length === 0
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.A) {
      if (this.#ipv4 === undefined) this.#ipv4 = this.#encode(type, 4)
      return this.#ipv4 ?? undefined
    }
    if (type === rrType.AAAA) {
      if (this.#ipv6 === undefined) this.#ipv6 = this.#encode(type, 16)
      return this.#ipv6 ?? undefined
    }
    return type === rrType.ANY && this.#octets().length > 0 ? anyAnswer(this.ttl) : undefined
  }

  #encode(type: number, length: number): Answer | null {
    const data = this.#octets().filter((address) => address.length === length)
    return data.length === 0 ? null : answerOf({ counts: [data.length, 0, 0], records: recordSet(type, this.ttl, data) })
  }

  /** RFC 2181, section 5: no record twice. */
  #octets(): Buffer[] {
    return [...new Set(this.#addresses)].map(addressBytes).filter((address) => address !== undefined)
  }
}
