import { randomBytes } from 'node:crypto'
import { rrType } from '../wire/protocol.ts'
import { recordAt } from '../wire/records.ts'

/** Of those for local and experimental use: RFC 6891, section 9. */
const optionCode = 65_313

/** An EDNS option that all our questions to upstreams carry. A query that has it is one of ours that came back. */
export class LoopMarker {
  /** In wire form. */
  readonly option: Buffer

  constructor() {
    const identity = randomBytes(8)
    this.option = Buffer.concat([Buffer.from([optionCode >> 8, optionCode & 0xff, 0, identity.length]), identity])
  }

  /** Whether the OPT record of a well-formed query, whose question ends at `questionEnd`, has the option. */
  isIn(message: Buffer, questionEnd: number): boolean {
    const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
    let at = questionEnd
    for (let index = 0; index < count; index++) {
      const record = recordAt(message, at)
      if (record === undefined) return false
      if (record.type === rrType.OPT) return this.#isAmong(message.subarray(record.fixed + 10, record.end))
      at = record.end
    }
    return false
  }

  #isAmong(options: Buffer): boolean {
    for (let at = 0; at + 4 <= options.length; ) {
      const end = at + 4 + options.readUInt16BE(at + 2)
      if (end - at === this.option.length && options.subarray(at, end).equals(this.option)) return true
      at = end
    }
    return false
  }
}
