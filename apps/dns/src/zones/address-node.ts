import { addressBytes } from '../wire/address.ts'
import { type Answer, answerOf } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'

/** Instead of all records of a name, which nobody needs and an attacker would like: RFC 8482, section 4.2. */
export function anyAnswer(ttl: number): Answer {
  return answerOf({ counts: [1, 0, 0], records: recordSet(rrType.HINFO, ttl, [Buffer.from('\x07RFC8482\x00', 'latin1')]) })
}

/**
 * A name and its addresses. Its answers are encoded when they are first asked for and kept as wire bytes; a name that
 * changes is another node, so nothing has to be thrown away. Without addresses it is an empty non-terminal.
 */
export class AddressNode {
  readonly ttl: number
  readonly #addresses: readonly string[]
  readonly #answers = new Map<number, Answer | undefined>()

  constructor(addresses: readonly string[], ttl: number) {
    this.#addresses = addresses
    this.ttl = ttl
  }

  /** Undefined: the name has no records of that type. */
  answer(type: number): Answer | undefined {
    if (!this.#answers.has(type)) {
      if (type !== rrType.A && type !== rrType.AAAA && type !== rrType.ANY) return undefined
      this.#answers.set(type, this.#encode(type))
    }
    return this.#answers.get(type)
  }

  #encode(type: number): Answer | undefined {
    // RFC 2181, section 5: no record twice.
    const all = [...new Set(this.#addresses)].map(addressBytes).filter((address) => address !== undefined)
    if (type === rrType.ANY) return all.length === 0 ? undefined : anyAnswer(this.ttl)
    const data = all.filter((address) => address.length === (type === rrType.A ? 4 : 16))
    return data.length === 0 ? undefined : answerOf({ counts: [data.length, 0, 0], records: recordSet(type, this.ttl, data) })
  }
}
