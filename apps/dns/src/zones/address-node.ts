import { addressBytes } from '../wire/address.ts'
import { type Answer, answerOf, questionPointer } from '../wire/answer.ts'
import { rrClass, rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { ipv4Number } from './ipv4-number.ts'
import type { NameNode } from './name-node.ts'

/** Pointer, type, class, TTL, length, address. */
const ipv4RecordLength = 16

/** Instead of all records of a name, which nobody needs and an attacker would like: RFC 8482, section 4.2. */
export function anyAnswer(ttl: number): Answer {
  return answerOf({ counts: [1, 0, 0], records: recordSet(rrType.HINFO, ttl, [Buffer.from('\x07RFC8482\x00', 'latin1')]) })
}

/**
 * A name and its addresses. It keeps no answers: there are half a million of these, what is asked for again and again is kept
 * as whole replies, and encoding takes less than looking the name up.
 */
export class AddressNode implements NameNode {
  readonly ttl: number
  readonly #addresses: readonly string[]

  constructor(addresses: readonly string[], ttl: number) {
    this.#addresses = addresses
    this.ttl = ttl
  }

  get isBare(): boolean {
    return this.#addresses.length === 0
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.A) return this.#ipv4Answer()
    if (type === rrType.AAAA) return this.#ipv6Answer()
    if (type !== rrType.ANY) return undefined
    return this.#addresses.some((address) => addressBytes(address) !== undefined) ? anyAnswer(this.ttl) : undefined
  }

  #ipv4Answer(): Answer | undefined {
    const addresses = this.#addresses
    const records = Buffer.allocUnsafe(addresses.length * ipv4RecordLength)
    let at = 0
    for (let index = 0; index < addresses.length; index++) {
      const address = addresses[index] as string
      const bits = ipv4Number(address)
      // No record twice: RFC 2181, section 5.
      if (bits < 0 || (index > 0 && addresses.indexOf(address) < index)) continue
      records.writeUInt16BE(questionPointer, at)
      records.writeUInt32BE((rrType.A << 16) | rrClass.IN, at + 2)
      records.writeUInt32BE(this.ttl, at + 6)
      records.writeUInt16BE(4, at + 10)
      records.writeUInt32BE(bits, at + 12)
      at += ipv4RecordLength
    }
    return at === 0
      ? undefined
      : answerOf({ counts: [at / ipv4RecordLength, 0, 0], records: at === records.length ? records : records.subarray(0, at) })
  }

  #ipv6Answer(): Answer | undefined {
    const data: Buffer[] = []
    for (const address of new Set(this.#addresses)) {
      const octets = address.includes(':') ? addressBytes(address) : undefined
      if (octets !== undefined) data.push(octets)
    }
    return data.length === 0 ? undefined : answerOf({ counts: [data.length, 0, 0], records: recordSet(rrType.AAAA, this.ttl, data) })
  }
}
