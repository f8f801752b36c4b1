import { drop, type Handler } from './handlers/handler.ts'
import { bareAnswer, encodeAnswer } from './wire/answer.ts'
import { rcode } from './wire/protocol.ts'
import { Query } from './wire/query.ts'

export interface ResolverOptions {
  /** Sets RA: foreign names are asked for. */
  readonly recursionAvailable: boolean
  /** A handler threw: a fault of ours, answered with SERVFAIL. */
  readonly onFault: (cause: unknown) => void
}

const failure = bareAnswer(rcode.SERVFAIL)

/** Takes messages, gives messages; knows nothing of sockets. */
export class Resolver {
  readonly #chain: readonly Handler[]
  readonly #options: ResolverOptions

  constructor(chain: readonly Handler[], options: ResolverOptions) {
    this.#chain = chain
    this.#options = options
  }

  /**
   * The reply to a message, at once where nobody else has to be asked; undefined: none is to be sent. Neither throws nor
   * rejects. `message` must not change afterwards.
   */
  reply(message: Buffer, sourcePort: number, overTcp: boolean): Buffer | undefined | Promise<Buffer> {
    const query = new Query(message, sourcePort, overTcp)
    const { recursionAvailable, onFault } = this.#options
    try {
      for (const handle of this.#chain) {
        const outcome = handle(query)
        if (outcome === undefined) continue
        if (outcome === drop) return undefined
        if (!(outcome instanceof Promise)) return encodeAnswer(query, outcome, recursionAvailable)
        return outcome.then(
          (answer) => encodeAnswer(query, answer, recursionAvailable),
          (cause: unknown) => {
            onFault(cause)
            return encodeAnswer(query, failure, recursionAvailable)
          },
        )
      }
      return encodeAnswer(query, failure, recursionAvailable)
    } catch (cause) {
      onFault(cause)
      return query.fault === 'runt' ? undefined : encodeAnswer(query, failure, recursionAvailable)
    }
  }
}
