import { type Answer, answerOf } from '../wire/answer.ts'
import { nameBytes, wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { NameNode } from './name-node.ts'

/** `_<service>._tcp.<configId>.<domain>`: where the gateway takes what is for a service. */
export class ServiceNode implements NameNode {
  readonly isBare = false
  readonly #label: string
  readonly #domain: string
  readonly #port: number
  readonly #ttl: number

  /** `label.domain` is the name to go to; `ttl` in seconds. */
  constructor(label: string, domain: string, port: number, ttl: number) {
    this.#label = label
    this.#domain = domain
    this.#port = port
    this.#ttl = ttl
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.ANY) return anyAnswer(this.#ttl)
    const target = type === rrType.SRV ? wireName(`${this.#label}.${this.#domain}`) : undefined
    if (target === undefined) return undefined
    // RFC 2782: priority, weight, port, target. The target is not compressed.
    const head = Buffer.alloc(6)
    head.writeUInt16BE(this.#port, 4)
    return answerOf({ counts: [1, 0, 0], records: recordSet(type, this.#ttl, [Buffer.concat([head, nameBytes(target)])]) })
  }
}
