import type { AccessList } from './clients/access-list.ts'
import type { RateLimit } from './clients/rate-limit.ts'
import { drop } from './handlers/handler.ts'
import type { Link } from './handlers/link.ts'
import type { QueryObserver } from './observe/query-observer.ts'
import { asksForRule, withRule } from './observe/rule-option.ts'
import { Revision } from './revision.ts'
import { type Answer, bareAnswer, encodeAnswer, writeAnswer } from './wire/answer.ts'
import { rcode } from './wire/protocol.ts'
import { Query } from './wire/query.ts'
import { alone, ReadyAnswers } from './wire/ready-answers.ts'
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
  /** Default: nobody counts. */
  readonly observer?: QueryObserver
}

const failure = bareAnswer(rcode.SERVFAIL)

/** Takes messages, gives messages; knows nothing of sockets. */
export class Resolver {
  readonly #chain: readonly Link[]
  readonly #options: ResolverOptions
  readonly #access: AccessList
  readonly #rateLimit: RateLimit | undefined
  readonly #ready: ReadyAnswers
  readonly #observer: QueryObserver | undefined
  /** Who had the last word on the query that came last. */
  #link: Link = fault

  constructor(chain: readonly Link[], options: ResolverOptions) {
    this.#chain = chain
    this.#options = options
    this.#access = options.access
    this.#rateLimit = options.rateLimit
    this.#observer = options.observer
    this.#ready = new ReadyAnswers(options.revision ?? new Revision())
  }

  /**
   * The reply to a message that came over TCP, or over UDP without regard to the rate limit; at once where nobody else has to
   * be asked. Undefined: none is to be sent. Neither throws nor rejects. `message` must not change afterwards.
   */
  reply(message: Buffer, source: Source, overTcp: boolean): Buffer | undefined | Promise<Buffer> {
    const startedAt = performance.now()
    const query = new Query(message, source, overTcp)
    const outcome = this.#ask(query)
    if (outcome === drop) {
      this.#observer?.dropped('noise')
      return undefined
    }
    const link = this.#link
    if (outcome instanceof Promise) return outcome.then((answer) => this.#encode(query, answer, link, overTcp, startedAt))
    return this.#encode(query, outcome, link, overTcp, startedAt)
  }

  /** Reads a datagram that `replyTo` will be asked about soon, with others, into a place. */
  readAhead(input: Buffer, start: number, end: number, place: number): void {
    this.#ready.read(input, start, end, place)
  }

  /** Waits once for what the replies to the datagrams that were read into the first `count` places are made of. */
  bringNear(count: number): void {
    this.#ready.bringNear(count)
  }

  /**
   * Writes the reply to the datagram in `input` from `start` to `end` into `output` at `at`, where there have to be 1232
   * octets. Gives its length, 0 if none is to be sent, or a promise of a reply (or of none) where others have to be asked.
   * Neither throws nor rejects. `input` and `source` may change as soon as this is back. `place`: where it was read ahead.
   */
  replyTo(
    input: Buffer,
    start: number,
    end: number,
    source: Source,
    output: Buffer,
    at: number,
    place = alone,
  ): number | Promise<Buffer | undefined> {
    const observer = this.#observer
    const wantsRule = source.isLoopback && asksForRule(input, start, end)
    const takesReady = !wantsRule && observer?.wantsAll !== true
    if (takesReady && source.port !== 0 && this.#access.admits(source)) {
      if (place === alone) this.#ready.read(input, start, end, alone)
      const length = this.#ready.write(place, input, start, output, at)
      if (length > 0) {
        observer?.gaveReady(output, at)
        return this.#limited(input, start, end, source, output, at, length)
      }
    }
    const startedAt = takesReady ? 0 : performance.now()
    const query = new Query(copyOf(input, start, end), source.copy(), false)
    const outcome = this.#ask(query)
    if (outcome === drop) {
      observer?.dropped('noise')
      return 0
    }
    const link = this.#link
    if (outcome instanceof Promise) return outcome.then((answer) => this.#lateReply(query, answer, link, startedAt))
    const ms = takesReady ? 0 : performance.now() - startedAt
    observer?.asked(query, outcome, link, false, ms)
    const answer = wantsRule ? withRule(query, outcome, link, ms) : outcome
    const length = writeAnswer(query, answer, this.#options.recursionAvailable, output, at)
    const until = answer.keepUntil ?? 0
    if (until > 0 && takesReady && query.fault === 'none') this.#ready.keep(query, output, at, length, until)
    return this.#limited(input, start, end, source, output, at, length)
  }

  /** What the chain says; never rejects. */
  #ask(query: Query): Answer | typeof drop | Promise<Answer> {
    try {
      for (const link of this.#chain) {
        const outcome = link.handle(query)
        if (outcome === undefined) continue
        this.#link = link
        return outcome instanceof Promise ? outcome.catch((cause: unknown) => this.#fail(cause)) : outcome
      }
      this.#link = fault
      return failure
    } catch (cause) {
      this.#link = fault
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
        this.#observer?.dropped('rate-limit')
        return 0
      case 'cut': {
        this.#observer?.cut()
        const query = new Query(copyOf(input, start, end), source, false)
        return writeAnswer(query, cutReply, this.#options.recursionAvailable, output, at, true)
      }
    }
  }

  #lateReply(query: Query, answer: Answer, link: Link, startedAt: number): Buffer | undefined {
    const verdict = this.#rateLimit?.judge(query.source, performance.now()) ?? 'send'
    if (verdict === 'drop') {
      this.#observer?.dropped('rate-limit')
      return undefined
    }
    if (verdict === 'cut') this.#observer?.cut()
    return this.#encode(query, answer, link, false, startedAt, verdict === 'cut')
  }

  /** `startedAt` 0: nobody wants to know. */
  #encode(query: Query, answer: Answer, link: Link, overTcp: boolean, startedAt: number, cut = false): Buffer {
    const ms = startedAt === 0 ? 0 : performance.now() - startedAt
    this.#observer?.asked(query, answer, link, overTcp, ms)
    const wantsRule = query.source.isLoopback && asksForRule(query.message, 0, query.message.length)
    const told = wantsRule ? withRule(query, answer, link, ms) : answer
    return encodeAnswer(query, told, this.#options.recursionAvailable, cut)
  }
}

/** Who has the last word where a handler threw. */
const fault: Link = { rule: 'fault', handle: () => failure }
/** Says nothing but to ask again over TCP. */
const cutReply = bareAnswer(rcode.NOERROR)

function copyOf(input: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  input.copy(copy, 0, start, end)
  return copy
}
