import { type Answer, answerOf } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { NameNode } from './name-node.ts'

/** Octets of one character-string: RFC 1035, section 3.3. */
const longestString = 255

/** `<configId>.<domain>`: one TXT record, what there is to know as `key=value` (RFC 1464), a string each. */
export class TextNode implements NameNode {
  readonly isBare = false
  readonly #facts: { readonly state: string; readonly owner: string }
  readonly #ttl: number

  /** `ttl` in seconds. */
  constructor(facts: { readonly state: string; readonly owner: string }, ttl: number) {
    this.#facts = facts
    this.#ttl = ttl
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.ANY) return anyAnswer(this.#ttl)
    if (type !== rrType.TXT) return undefined
    const { state, owner } = this.#facts
    const strings = [`state=${state}`, `owner=${owner}`].flatMap((text) => {
      const octets = Buffer.from(text).subarray(0, longestString)
      return [Buffer.from([octets.length]), octets]
    })
    return answerOf({ counts: [1, 0, 0], records: recordSet(type, this.#ttl, [Buffer.concat(strings)]) })
  }
}
