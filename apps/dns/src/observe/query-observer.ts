import type { Link } from '../handlers/link.ts'
import type { Answer } from '../wire/answer.ts'
import type { Query } from '../wire/query.ts'

/** Hears what becomes of every query. It is called for each one, so it costs a few additions and never throws. */
export interface QueryObserver {
  /**
   * Every query is told to `asked`, with the rule that answered it. False: replies that are kept as a whole are given
   * again, and only counted.
   */
  readonly wantsAll: boolean
  /** A kept reply is given again over UDP; it stands in `reply` at `at`. */
  gaveReady(reply: Buffer, at: number): void
  /** The chain's `link` has answered, after `ms`; 0 where nobody wants to know. */
  asked(query: Query, answer: Answer, link: Link, overTcp: boolean, ms: number): void
  /** Nothing is sent: the message is no query, or its network gets enough. */
  dropped(reason: 'noise' | 'rate-limit'): void
  /** Cut, so that its network comes again over TCP. */
  cut(): void
}
