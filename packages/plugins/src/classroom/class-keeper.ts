import { StandinError } from '@standin/client'
import { type PluginContext, parseDuration } from '@standin/core'
import type { ClassBook } from './class-book.ts'
import { type Readiness, readinessOf, tellEnd, tellMissing, tellSession } from './class-notices.ts'
import { ClassRound } from './class-round.ts'
import type { ClassConfig } from './classroom-config.ts'
import { afterReset, type Copy, copiesOf, withLearned } from './seat.ts'
import { SeenEnvironments } from './seen-environments.ts'
import { type Phase, type Session, Timetable } from './timetable.ts'

type Context = Pick<PluginContext, 'client' | 'clock' | 'log'>
type Print = (line: string) => void

/** Keeps the seats of one class as its timetable wants them. */
export class ClassKeeper {
  readonly book: ClassBook
  /** Null: it is not in the configuration any more. */
  readonly config: ClassConfig | null
  readonly #timetable: Timetable | null
  readonly #context: Context
  /** All seats sleep until the next session, unless one of them is touched. */
  #isQuiet = false

  /** @throws StandinError `invalid` for its timetable */
  constructor(context: Context, book: ClassBook, config: ClassConfig | null) {
    this.#context = context
    this.book = book
    this.config = config
    this.#timetable = config === null ? null : new Timetable(config, parseDuration(config.readyBefore))
  }

  /** Where it stands, and the session after that. */
  get standing(): { readonly phase: Phase; readonly next: Session | null } {
    return this.#timetable?.at(this.#context.clock.now()) ?? { phase: { kind: 'over' }, next: null }
  }

  /** Nothing of it is left, not even in the configuration. */
  get isForgotten(): boolean {
    return this.config === null && this.book.seats.length === 0
  }

  readiness(session: Session): Readiness {
    return readinessOf(this.book, this.config?.seats ?? 0, session)
  }

  /**
   * Once through all of its seats.
   * @returns what does not work just now, in words
   */
  async round(signal: AbortSignal, print: Print): Promise<string[]> {
    const { book, config } = this
    const { phase } = this.standing
    if (!('session' in phase) && book.seats.length === 0) {
      if (this.isForgotten) await book.forget()
      return []
    }
    if (phase.kind === 'waiting' && this.#isQuiet) return []
    this.#isQuiet = false
    const round = this.#roundOf(phase)
    const seen = new SeenEnvironments(this.#context.client)
    await seen.refresh(book.name, book.seats.flatMap(copiesOf), signal)
    await this.#learn(seen)
    const mayBegin = await this.#pin(round, signal, print)
    const occasion = 'session' in phase ? `${new Date(phase.session.start).toISOString()} ${round}` : ''
    const parts = { context: this.#context, book, config, seen, phase, round, occasion, mayBegin, signal, print }
    const troubles = await new ClassRound(parts).run()
    for (const seat of book.seats) {
      if (phase.kind !== 'over' && seat.number > (config?.seats ?? 0) && copiesOf(seat).length === 0) await book.forgetSeat(seat.number)
    }
    await this.#tell(phase, signal, print)
    const isAsleep = (copy: Copy) => seen.look(copy).is === 'asleep'
    this.#isQuiet = phase.kind === 'waiting' && troubles.size === 0 && book.seats.flatMap(copiesOf).every(isAsleep)
    return [...(book.record.trouble === null ? [] : [book.record.trouble]), ...troubles]
  }

  /** One of its environments has another state. */
  touch(): void {
    this.#isQuiet = false
  }

  /** @throws StandinError `state_conflict` where there is nothing to make anew, `invalid` for a seat that it has not */
  async reset(number: number, by: string): Promise<void> {
    const { book, config } = this
    const { kind } = this.standing.phase
    const hint = `\`standin class show ${book.name}\` lists them, and says when they are made`
    if (config === null || number < 1 || number > config.seats) {
      throw new StandinError('invalid', `the class ${book.name} has no seat ${number}`, { hint })
    }
    const seat = book.seat(number)
    if (kind === 'over' || (kind === 'waiting' && seat.current === null && seat.next === null)) {
      throw new StandinError(
        'state_conflict',
        `the seats of the class ${book.name} are not there ${kind === 'over' ? 'any more' : 'yet'}`,
        {
          hint,
        },
      )
    }
    this.touch()
    const now = this.#context.clock.now()
    const after = afterReset(seat, by, now)
    // Asked for already, and on its way.
    if (seat.reset !== null && after.next === seat.next) return
    await book.saveSeat(after)
    await book.note({ at: now, seat: number, message: `reset by ${by}` })
  }

  /** Seats of one round are clones of one version; another template makes another round. */
  #roundOf(phase: Phase): string | null {
    if (!('session' in phase) || this.config === null) return null
    const { refresh, template } = this.config
    const { day, start } = phase.session
    return `${refresh === 'never' ? 'course' : refresh === 'daily' ? day : new Date(start).toISOString()} ${template}`
  }

  /** What was made by a creation whose answer was lost. */
  async #learn(seen: SeenEnvironments): Promise<void> {
    for (const seat of this.book.seats) {
      const learned = withLearned(seat, (copy) => seen.madeAs(copy))
      if (learned !== seat) await this.book.saveSeat(learned)
    }
  }

  /** Which version the seats of a round are clones of. @returns whether there is one */
  async #pin(round: string | null, signal: AbortSignal, print: Print): Promise<boolean> {
    const { config, book } = this
    const { pinned } = book.record
    if (config === null || (pinned !== null && (round === null || pinned.round === round))) return true
    try {
      const { ref } = await this.#context.client.templates.get(config.template, { signal })
      await book.save({ pinned: { round: round ?? '', template: ref }, trouble: null })
      return true
    } catch (error) {
      if (!(error instanceof StandinError && error.kind === 'not-found')) throw error
      await tellMissing(`${round}`, error.message, { ...this.#context, book, signal, print })
      return false
    }
  }

  async #tell(phase: Phase, signal: AbortSignal, print: Print): Promise<void> {
    const { book } = this
    const teller = { ...this.#context, book, signal, print }
    if ('session' in phase) return tellSession(phase, this.readiness(phase.session), teller)
    if (phase.kind !== 'over' || book.seats.some((seat) => copiesOf(seat).length > 0)) return
    await tellEnd(teller)
    for (const { number } of book.seats) await book.forgetSeat(number)
    if (this.config === null) await book.forget()
  }
}
