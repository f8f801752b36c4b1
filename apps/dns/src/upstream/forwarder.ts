import { type Answer, bareAnswer } from '../wire/answer.ts'
import { extendedError, rcode } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { exchangeOverTcp, exchangeOverUdp, type Upstream } from './exchange.ts'
import { answerFromReply, answers, isTruncated, upstreamQuery } from './upstream-message.ts'

/** Milliseconds for one upstream, over UDP and TCP each. */
const defaultTimeoutMs = 2000
/** Queries that may wait for upstreams at once; each holds a socket. */
const defaultLimit = 500

const overloaded = bareAnswer(rcode.SERVFAIL, { code: extendedError.OTHER, text: 'too many queries wait for the upstreams' })
const unreachable = bareAnswer(rcode.SERVFAIL, { code: extendedError.NO_REACHABLE_AUTHORITY, text: 'no upstream gave an answer' })

/** Asks the upstreams, one after the other in their order, until one has an answer. */
export class Forwarder {
  readonly upstreams: readonly Upstream[]
  readonly #timeoutMs: number
  readonly #limit: number
  readonly #onFailure: (upstream: Upstream, cause: Error) => void
  readonly #stop = new AbortController()
  #waiting = 0

  constructor(
    upstreams: readonly Upstream[],
    options: { timeoutMs?: number; limit?: number; onFailure?: (upstream: Upstream, cause: Error) => void } = {},
  ) {
    this.upstreams = upstreams
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    this.#limit = options.limit ?? defaultLimit
    this.#onFailure = options.onFailure ?? (() => {})
  }

  /** Never rejects: where nobody answers it is SERVFAIL. */
  async forward(query: Query): Promise<Answer> {
    if (this.#waiting >= this.#limit) return overloaded
    this.#waiting++
    let refusal: Answer | undefined
    try {
      for (const upstream of this.upstreams) {
        if (this.#stop.signal.aborted) break
        try {
          const answer = await this.#ask(upstream, query)
          if (answer.rcode === rcode.NOERROR || answer.rcode === rcode.NXDOMAIN) return answer
          refusal ??= answer
        } catch (cause) {
          this.#onFailure(upstream, cause as Error)
        }
      }
    } finally {
      this.#waiting--
    }
    return refusal ?? unreachable
  }

  /** Ends what is under way, each with SERVFAIL. */
  close(): void {
    this.#stop.abort()
  }

  async #ask(upstream: Upstream, query: Query): Promise<Answer> {
    const message = upstreamQuery(query)
    const { questionEnd } = query
    const exchange = {
      upstream,
      message,
      accepts: (reply: Buffer) => answers(message, questionEnd, reply),
      timeoutMs: this.#timeoutMs,
      signal: this.#stop.signal,
    }
    let reply = await exchangeOverUdp(exchange)
    if (isTruncated(reply)) reply = await exchangeOverTcp(exchange)
    const answer = answerFromReply(reply, questionEnd)
    if (answer === undefined) throw new Error('the reply has broken records')
    return answer
  }
}
