import type { AnswerCache } from '../cache/answer-cache.ts'
import type { Answer } from '../wire/answer.ts'
import { rcode, rcodeName } from '../wire/protocol.ts'
import { type Attempt, AttemptFailure, type AttemptOwner } from './attempt.ts'
import { answerFrom, bogus, rebinding, refusalOf, unreachable } from './failing-answers.ts'
import { attemptOf } from './question-attempt.ts'
import type { QuestionContext } from './question-context.ts'
import { QuestionRound } from './question-round.ts'
import { type CheckedReply, checkReply, withoutAdditionals } from './reply-check.ts'
import type { UpstreamLink } from './upstream-link.ts'
import type { Turn } from './upstream-order.ts'
import { isSameInRandomCase, isTruncated, type Likeness, questionEndOf, type UpstreamQuestion } from './upstream-question.ts'

/**
 * - `asking`: upstreams are asked, who asked us waits
 * - `overdue`: a stale answer was given, upstreams are still asked, so that the next one gets a fresh answer
 * - `settled`: over; replies that still come tell only how fast an upstream is
 */
type QuestionState = 'asking' | 'overdue' | 'settled'
const transitions: Readonly<Record<QuestionState, readonly QuestionState[]>> = {
  asking: ['overdue', 'settled'],
  overdue: ['settled'],
  settled: [],
}

/** Milliseconds after which a stale answer is better than none yet: RFC 8767, section 5. */
const overdueMs = 1800
/** Milliseconds until a stale answer's upstreams are tried again: RFC 8767, section 5. */
const staleRestMs = 30_000

/** One question on its way, whoever and however many asked it. */
export class PendingQuestion implements AttemptOwner {
  readonly key: string
  readonly question: UpstreamQuestion
  readonly variant: number
  /** Header and question as the cache takes them. */
  readonly message: Buffer
  readonly waiters: ((answer: Answer) => void)[] = []
  #state: QuestionState = 'asking'
  readonly #context: QuestionContext
  /** That of the rules by which it is asked: after a reload, the answer is of no use to the new one. */
  readonly #cache: AnswerCache
  readonly #questionEnd: number
  readonly #round: QuestionRound
  readonly #startedAt: number
  #underWay = 0
  #refusal: Answer | undefined
  /** What went to upstreams. */
  readonly #sent: Buffer[] = []

  constructor(
    parts: { key: string; question: UpstreamQuestion; variant: number; message: Buffer; turn: Turn },
    context: QuestionContext,
    now: number,
  ) {
    this.key = parts.key
    this.question = parts.question
    this.variant = parts.variant
    this.message = parts.message
    this.#context = context
    this.#cache = context.cache
    this.#questionEnd = questionEndOf(parts.question)
    this.#round = new QuestionRound(parts.turn)
    this.#startedAt = now
  }

  get isOverdue(): boolean {
    return this.#state === 'overdue'
  }

  /** Whether a query has its letters in the very case in which an upstream was asked: it would be by chance once in thousands. */
  hasLettersOf(query: Buffer): boolean {
    return this.#sent.some((sent) => isSameInRandomCase(sent, query, this.#questionEnd - 4))
  }

  start(now: number): void {
    for (let index = 0; index < this.#round.atOnce; index++) this.#askNext(now)
    if (this.#round.links.every(({ health }) => health.state === 'down')) this.#giveStale(now)
    this.#giveUpIfAlone(now)
  }

  /** To be called every few milliseconds. */
  tick(now: number): void {
    if (this.#state === 'settled') return
    const age = now - this.#startedAt
    if (age >= this.#context.deadlineMs) this.#giveUp(now)
    else {
      if (this.#state === 'asking' && age >= overdueMs) this.#giveStale(now)
      if (now >= this.#round.nextAt) {
        if (this.#underWay > 0) this.#round.latest?.health.late(now)
        this.#askNext(now)
      }
    }
  }

  stop(answer: Answer): void {
    if (this.#state !== 'settled') this.#settle(answer, true)
  }

  replied(attempt: Attempt<UpstreamLink>, reply: Buffer, likeness: Likeness): void {
    const now = performance.now()
    const { link } = attempt
    if (likeness === 'otherCase' && !attempt.overStream) {
      this.#round.doubt(link)
      this.attacked(attempt)
      return
    }
    this.#underWay--
    if (likeness === 'otherCase') link.lostCase(now)
    if (likeness === 'bareError') {
      this.#takeFormatError(attempt, 'it could not read the question', now)
      return
    }
    if (isTruncated(reply)) {
      link.counters.truncated++
      this.#noteAnswered(attempt, now)
      if (attempt.overStream) this.#discard(attempt, 'its reply is cut even over a connection', now)
      else {
        // RFC 7766, section 5; RFC 2181, section 9.
        this.#round.cut(link)
        this.#askOverStream(link, now)
      }
      return
    }
    const rules = { trustsAd: link.isSecured, negativeTtl: this.#context.settings.negTtl }
    const checked = checkReply(reply, attempt.questionEnd, this.question, rules)
    if (typeof checked === 'string') this.#discard(attempt, checked, now)
    else this.#take(attempt, checked, now)
  }

  late({ link, sentAt }: Attempt<UpstreamLink>): void {
    link.counters.silent++
    this.#round.note(link, 'no reply came in time')
    link.health.missed('no reply came in time', performance.now(), sentAt)
  }

  failed(attempt: Attempt<UpstreamLink>, failure: AttemptFailure): void {
    const now = performance.now()
    const { counters, health } = attempt.link
    this.#underWay--
    if (failure.kind === 'stopped') return
    if (failure.kind !== 'silence') {
      counters.unreachable++
      if (failure.kind !== 'busy') health.missed(failure.reason, now, attempt.sentAt)
    }
    this.#round.failed(attempt.link, failure)
    if (attempt.overStream && this.#round.returnToDatagrams(attempt.link)) {
      // It loses the case, most likely, and takes no connections: better believed than never heard.
      attempt.link.lostCase(now)
    } else if (failure.kind !== 'silence') this.#round.setAside(attempt.link, failure.reason)
    this.#goOn(now)
  }

  /** The true reply may yet come; over a connection nobody can forge one unseen. */
  attacked(attempt: Attempt<UpstreamLink>): void {
    attempt.link.counters.suspicious++
    this.#askOverStream(attempt.link, performance.now())
  }

  #take(attempt: Attempt<UpstreamLink>, whole: CheckedReply, now: number): void {
    const { rules } = this.#context
    // What came along is nobody's answer: without an address that may not be let through, the answer is as good.
    const isFine = rules.verdict(this.question.name, { records: whole.records, addresses: whole.further }) === 'fine'
    const reply = isFine ? whole : withoutAdditionals(whole)
    const { link } = attempt
    const isFormatError = reply.rcode === rcode.FORMERR || reply.rcode === rcode.NOTIMP || reply.rcode === rcode.BADVERS
    if (isFormatError && attempt.edns) {
      this.#takeFormatError(attempt, `it answered ${rcodeName(reply.rcode)}`, now)
      return
    }
    if (reply.kind === 'failure' || reply.kind === 'referral') {
      this.#refusal ??= refusalOf(reply, link.label)
      this.#discard(attempt, reply.kind === 'referral' ? 'it refers to others' : `it answered ${rcodeName(reply.rcode)}`, now)
      return
    }
    const verdict = rules.verdict(this.question.name, reply)
    if (verdict === 'ignored') {
      this.#discard(attempt, 'it gave an address that is to be ignored', now)
      return
    }
    this.#noteAnswered(attempt, now)
    // RFC 6891, section 6.2.2: it answers what it could not read with an OPT record.
    if (this.#round.hasLeftOutEdns(link) && !attempt.edns) link.refusedEdns(now)
    if (this.#state === 'settled') return
    this.#round.blameOthers(link, now, this.#startedAt)
    if (verdict === 'rebind') this.#context.onRebind(this.question, link)
    if (verdict === 'fine') {
      this.#cache.store(this.message, this.#questionEnd, this.variant, reply, now)
      this.#settle(answerFrom(reply, this.#context.settings.maxTtl ?? Number.POSITIVE_INFINITY, link.label), false)
    } else this.#settle(verdict === 'bogus' ? bogus : rebinding, false)
  }

  #takeFormatError(attempt: Attempt<UpstreamLink>, reason: string, now: number): void {
    const { link } = attempt
    if (!attempt.edns || !this.#round.leaveOutEdns(link)) {
      this.#discard(attempt, reason, now)
      return
    }
    if (this.#state !== 'settled' && !this.#ask(link, attempt.overStream, now)) this.#goOn(now)
  }

  #discard({ link }: Attempt<UpstreamLink>, reason: string, now: number): void {
    link.counters.unfit++
    this.#round.setAside(link, reason)
    this.#goOn(now)
  }

  #noteAnswered(attempt: Attempt<UpstreamLink>, now: number): void {
    attempt.link.counters.answered++
    if (attempt.measured) attempt.link.roundTrips.take(now - attempt.sentAt)
    attempt.link.health.answered(attempt.measured ? now - attempt.sentAt : undefined, now)
  }

  #goOn(now: number): void {
    if (this.#state === 'settled') return
    if (this.#underWay === 0) this.#askNext(now)
    else if (this.#round.hasOthers) this.#round.nextAt = now
    this.#giveUpIfAlone(now)
  }

  #askNext(now: number): void {
    for (;;) {
      const link = this.#round.next()
      if (link === undefined) break
      if (this.#ask(link, this.#round.usesStream(link), now)) return
    }
    this.#round.nextAt = Number.POSITIVE_INFINITY
  }

  #askOverStream(link: UpstreamLink, now: number): void {
    if (this.#state === 'settled' || !this.#round.turnToStream(link)) return
    if (!this.#ask(link, true, now)) this.#goOn(now)
  }

  /** False: nothing could be sent. */
  #ask(link: UpstreamLink, overStream: boolean, now: number): boolean {
    const edns = this.#round.usesEdns(link, now)
    const until = this.#startedAt + this.#context.deadlineMs
    const attempt = attemptOf({ owner: this, link, question: this.question, overStream, edns, until }, this.#context, now)
    this.#round.asked(link, overStream, now)
    if (!link.send(attempt, now)) {
      const failure = new AttemptFailure('busy', 'too many questions wait for it')
      this.#round.failed(link, failure)
      this.#round.setAside(link, failure.reason)
      return false
    }
    this.#sent.push(attempt.message)
    this.#underWay++
    return true
  }

  #giveUpIfAlone(now: number): void {
    if (this.#underWay === 0 && this.#state !== 'settled') this.#giveUp(now)
  }

  #giveUp(now: number): void {
    const stale = this.#cache.findStale(this.message, this.#questionEnd, this.variant, now, staleRestMs)
    this.#settle(stale ?? this.#refusal ?? unreachable(this.#round.wasNetwork, this.#round.reasons), true)
  }

  #giveStale(now: number): void {
    const stale = this.#cache.findStale(this.message, this.#questionEnd, this.variant, now, 0)
    if (stale === undefined || this.#state !== 'asking') return
    this.#move('overdue')
    this.#tell(stale)
  }

  #settle(answer: Answer, failed: boolean): void {
    this.#move('settled')
    this.#tell(answer)
    this.#context.settled(this.key, answer, failed)
  }

  #tell(answer: Answer): void {
    for (const tell of this.waiters.splice(0)) tell(answer)
  }

  #move(next: QuestionState): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`a question can not go from ${this.#state} to ${next}`)
    this.#state = next
  }
}
