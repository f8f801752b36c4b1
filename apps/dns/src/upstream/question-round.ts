import type { AttemptFailure, FailureKind } from './attempt.ts'
import type { UpstreamLink } from './upstream-link.ts'
import type { Turn } from './upstream-order.ts'

const mostAttempts = 12
/** Milliseconds until another one is asked beside, at least: over a connection, and when all have been asked. */
const streamWaitMs = 1000
const secondRoundMs = 400
/** Upstreams whose reasons are told. */
const mostTold = 3

/** Whom to ask next for one question, and when. */
export class QuestionRound {
  readonly links: readonly UpstreamLink[]
  readonly atOnce: number
  /** Milliseconds: when somebody else is to be asked. */
  nextAt = 0
  /** The one that was asked last. */
  latest: UpstreamLink | undefined
  #next = 0
  #made = 0
  /** What they said is of no use; with the reason. */
  readonly #unfit = new Map<UpstreamLink, string>()
  /** Asked over a connection, as what came over UDP was cut or is in doubt. */
  readonly #streamed = new Set<UpstreamLink>()
  readonly #cut = new Set<UpstreamLink>()
  readonly #kinds = new Set<FailureKind>()
  readonly #reasons = new Map<UpstreamLink, string>()
  readonly #doubted = new Set<UpstreamLink>()
  /** Asked without EDNS, as it was an error with it. */
  readonly #plain = new Set<UpstreamLink>()

  constructor(turn: Turn) {
    this.links = turn.links
    this.atOnce = turn.atOnce
  }

  /** The next in turn whose reply could still be of use, again and again where there is only one. Undefined: enough was asked. */
  next(): UpstreamLink | undefined {
    if (this.#made >= mostAttempts) return undefined
    for (let tried = 0; tried < this.links.length; tried++) {
      const link = this.links[this.#next++ % this.links.length] as UpstreamLink
      if (!this.#unfit.has(link)) return link
    }
    return undefined
  }

  /** Notes that one is asked, and until when its reply is awaited before somebody else is asked too. */
  asked(link: UpstreamLink, overStream: boolean, now: number): void {
    const round = Math.floor(this.#made / this.links.length)
    this.#made++
    this.latest = link
    const { timeoutMs } = link.health
    const waitMs = overStream ? Math.max(timeoutMs, streamWaitMs) : timeoutMs
    this.nextAt = now + (round === 0 ? waitMs : Math.max(waitMs, secondRoundMs) * 2 ** round)
  }

  setAside(link: UpstreamLink, reason: string): void {
    this.#unfit.set(link, reason)
    this.note(link, reason)
  }

  /** Why nothing has come of it so far. */
  note(link: UpstreamLink, reason: string): void {
    this.#reasons.set(link, this.#cut.has(link) ? `its reply is too long for UDP, and over TCP: ${reason}` : reason)
  }

  /** What each of them lacked, for people. */
  get reasons(): string {
    const told = this.links.slice(0, mostTold).map((link) => `${link.label}: ${this.#reasons.get(link) ?? 'no reply'}`)
    return [...told, ...(this.links.length > mostTold ? [`and ${this.links.length - mostTold} others`] : [])].join('; ')
  }

  get hasOthers(): boolean {
    return this.links.some((link) => !this.#unfit.has(link))
  }

  /** What `better` could answer, these could have answered too. */
  blameOthers(better: UpstreamLink, now: number, askedAt: number): void {
    for (const [link, reason] of this.#unfit) if (link !== better) link.health.missed(reason, now, askedAt)
  }

  /** False: it already was. */
  turnToStream(link: UpstreamLink): boolean {
    if (this.#streamed.has(link)) return false
    this.#streamed.add(link)
    return true
  }

  /** Its reply was cut: the whole one is to be had over a connection, or not at all. */
  cut(link: UpstreamLink): void {
    this.#cut.add(link)
  }

  /** An attempt was in vain. */
  failed(link: UpstreamLink, { kind, reason }: AttemptFailure): void {
    this.#kinds.add(kind)
    this.note(link, reason)
  }

  /** Nothing but the network kept us from asking. */
  get wasNetwork(): boolean {
    const isNetwork = [...this.#kinds].every((kind) => kind === 'network' || kind === 'untrusted')
    return isNetwork && this.#kinds.size > 0 && this.#cut.size === 0
  }

  /** A reply of it came in another case than the question: it loses the case, or somebody forges. */
  doubt(link: UpstreamLink): void {
    this.#doubted.add(link)
  }

  /** It is in doubt, and there is no connection to ask over. True: for the first time. */
  returnToDatagrams(link: UpstreamLink): boolean {
    return !link.isSecured && this.#doubted.delete(link) && this.#streamed.delete(link)
  }

  usesStream(link: UpstreamLink): boolean {
    return link.isSecured || this.#streamed.has(link)
  }

  /** False: it already was. */
  leaveOutEdns(link: UpstreamLink): boolean {
    if (this.#plain.has(link)) return false
    this.#plain.add(link)
    return true
  }

  usesEdns(link: UpstreamLink, now: number): boolean {
    return !this.#plain.has(link) && link.takesEdns(now)
  }

  /** Whether it is this question that it was asked without EDNS for the first time. */
  hasLeftOutEdns(link: UpstreamLink): boolean {
    return this.#plain.has(link)
  }
}
