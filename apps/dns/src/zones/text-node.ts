import { type Answer, answerOf } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { NameNode } from './name-node.ts'

/** Octets of one character-string: RFC 1035, section 3.3. */
const longestString = 255

/** A name with one TXT record: what there is to know, as `key=value` (RFC 1464), a string each. */
export class TextNode implements NameNode {
  readonly isBare = false
  readonly #facts: Readonly<Record<string, string>>
  readonly #ttl: number

  /** `ttl` in seconds. */
  constructor(facts: Readonly<Record<string, string>>, ttl: number) {
    this.#facts = facts
    this.#ttl = ttl
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.ANY) return anyAnswer(this.#ttl)
    if (type !== rrType.TXT) return undefined
    const strings = Object.entries(this.#facts).flatMap(([key, value]) => {
      const octets = Buffer.from(`${key}=${value}`).subarray(0, longestString)
      return [Buffer.from([octets.length]), octets]
    })
    return answerOf({ counts: [1, 0, 0], records: recordSet(type, this.#ttl, [Buffer.concat(strings)]) })
  }
}
