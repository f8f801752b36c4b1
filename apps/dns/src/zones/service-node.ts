import { type Answer, answerOf } from '../wire/answer.ts'
import { nameBytes, type WireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { NameNode } from './name-node.ts'

/** `_<service>._tcp.<configId>.<domain>`: where the gateway takes what is for a service. */
export class ServiceNode implements NameNode {
  readonly isBare = false
  readonly #target: WireName
  readonly #port: number
  readonly #ttl: number

  /** `ttl` in seconds. */
  constructor(target: WireName, port: number, ttl: number) {
    this.#target = target
    this.#port = port
    this.#ttl = ttl
  }

  answer(type: number): Answer | undefined {
    if (type === rrType.ANY) return anyAnswer(this.#ttl)
    if (type !== rrType.SRV) return undefined
    // RFC 2782: priority, weight, port, target. The target is not compressed.
    const head = Buffer.alloc(6)
    head.writeUInt16BE(this.#port, 4)
    return answerOf({ counts: [1, 0, 0], records: recordSet(type, this.#ttl, [Buffer.concat([head, nameBytes(this.#target)])]) })
  }
}
