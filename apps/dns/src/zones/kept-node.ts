import type { Answer } from '../wire/answer.ts'
import type { NameNode } from './name-node.ts'

/** A node that keeps its answers: of those that many names share. */
export class KeptNode implements NameNode {
  readonly isBare: boolean
  readonly ttl: number
  readonly #node: NameNode
  readonly #answers = new Map<number, Answer | undefined>()

  constructor(node: NameNode & { readonly ttl: number }) {
    this.#node = node
    this.isBare = node.isBare
    this.ttl = node.ttl
  }

  answer(type: number): Answer | undefined {
    const kept = this.#answers.get(type)
    if (kept !== undefined) return kept
    const answer = this.#node.answer(type)
    // Types that there are none of can be made up without end.
    if (answer !== undefined) this.#answers.set(type, answer)
    return answer
  }
}
