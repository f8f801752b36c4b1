import { drop, type Handler } from './handlers/handler.ts'
import { Revision } from './revision.ts'
import type { AccessList } from './server/access-list.ts'
import type { RateLimit } from './server/rate-limit.ts'
import { type Answer, bareAnswer, encodeAnswer, writeAnswer } from './wire/answer.ts'
import { rcode } from './wire/protocol.ts'
import { Query } from './wire/query.ts'
import { ReadyAnswers } from './wire/ready-answers.ts'
import type { Source } from './wire/source.ts'

export interface ResolverOptions {
  /** Sets RA: foreign names are asked for. */
  readonly recursionAvailable: boolean
  /** A handler threw: a fault of ours, answered with SERVFAIL. */
  readonly onFault: (cause: unknown) => void
  /** Who gets ready answers; the chain refuses the others. */
  readonly access: AccessList
  /** Of the tables that the chain's handlers answer from. Default: one that stays as it is. */
  readonly revision?: Revision
  /** Default: none. */
  readonly rateLimit?: RateLimit
}

const failure = bareAnswer(rcode.SERVFAIL)

/** Takes messages, gives messages; knows nothing of sockets. */
export class Resolver {
  readonly #chain: readonly Handler[]
  readonly #options: ResolverOptions
  readonly #access: AccessList
  readonly #rateLimit: RateLimit | undefined
  readonly #ready: ReadyAnswers

  constructor(chain: readonly Handler[], options: ResolverOptions) {
    this.#chain = chain
    this.#options = options
    this.#access = options.access
    this.#rateLimit = options.rateLimit
    this.#ready = new ReadyAnswers(options.revision ?? new Revision())
  }

  /**
   * The reply to a message that came over TCP, or over UDP without regard to the rate limit; at once where nobody else has to
   * be asked. Undefined: none is to be sent. Neither throws nor rejects. `message` must not change afterwards.
   */
  reply(message: Buffer, source: Source, overTcp: boolean): Buffer | undefined | Promise<Buffer> {
    const query = new Query(message, source, overTcp)
    const outcome = this.#ask(query)
    if (outcome === drop) return undefined
    const { recursionAvailable } = this.#options
    if (outcome instanceof Promise) return outcome.then((answer) => encodeAnswer(query, answer, recursionAvailable))
    return encodeAnswer(query, outcome, recursionAvailable)
  }

  /**
   * Writes the reply to the datagram in `input` from `start` to `end` into `output` at `at`, where there have to be 1232
   * octets. Gives its length, 0 if none is to be sent, or a promise of a reply (or of none) where others have to be asked.
   * Neither throws nor rejects. `input` and `source` may change as soon as this is back.
   */
  replyTo(input: Buffer, start: number, end: number, source: Source, output: Buffer, at: number): number | Promise<Buffer | undefined> {
    if (source.port !== 0 && this.#access.admits(source)) {
      const length = this.#ready.write(input, start, end, output, at)
      if (length > 0) return this.#limited(input, start, end, source, output, at, length)
    }
    const query = new Query(copyOf(input, start, end), source.copy(), false)
    const outcome = this.#ask(query)
    if (outcome === drop) return 0
    if (outcome instanceof Promise) return outcome.then((answer) => this.#lateReply(query, answer))
    const length = writeAnswer(query, outcome, this.#options.recursionAvailable, output, at)
    const until = outcome.keepUntil ?? 0
    if (until > 0 && query.fault === 'none') this.#ready.keep(query, output, at, length, until)
    return this.#limited(input, start, end, source, output, at, length)
  }

  /** What the chain says; never rejects. */
  #ask(query: Query): Answer | typeof drop | Promise<Answer> {
    try {
      for (const handle of this.#chain) {
        const outcome = handle(query)
        if (outcome === undefined) continue
        return outcome instanceof Promise ? outcome.catch((cause: unknown) => this.#fail(cause)) : outcome
      }
      return failure
    } catch (cause) {
      this.#fail(cause)
      return query.fault === 'runt' ? drop : failure
    }
  }

  #fail(cause: unknown): Answer {
    this.#options.onFault(cause)
    return failure
  }

  #limited(input: Buffer, start: number, end: number, source: Source, output: Buffer, at: number, length: number): number {
    const limit = this.#rateLimit
    if (limit === undefined || source.isLoopback) return length
    switch (limit.judge(source, performance.now())) {
      case 'send':
        return length
      case 'drop':
        return 0
      case 'cut': {
        const query = new Query(copyOf(input, start, end), source, false)
        return writeAnswer(query, cutReply, this.#options.recursionAvailable, output, at, true)
      }
    }
  }

  #lateReply(query: Query, answer: Answer): Buffer | undefined {
    const { recursionAvailable } = this.#options
    const verdict = this.#rateLimit?.judge(query.source, performance.now()) ?? 'send'
    if (verdict === 'drop') return undefined
    return encodeAnswer(query, answer, recursionAvailable, verdict === 'cut')
  }
}

/** Says nothing but to ask again over TCP. */
const cutReply = bareAnswer(rcode.NOERROR)

function copyOf(input: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  input.copy(copy, 0, start, end)
  return copy
}
