import { StandinError } from '@standin/client'
import { type PluginContext, parseDuration } from '@standin/core'
import type { ClassBook } from './class-book.ts'
import type { ClassConfig } from './classroom-config.ts'
import { isComingUp, nextStep } from './next-step.ts'
import { afterReset, type Copy, copiesOf, type Seat } from './seat.ts'
import { SeatWorker } from './seat-worker.ts'
import { SeenEnvironments } from './seen-environments.ts'
import { type Phase, type Session, Timetable } from './timetable.ts'

/** Further steps of one seat come with the next round. */
const mostSteps = 12
const mostPasses = 20

/** Keeps the seats of one class as its timetable wants them. */
export class ClassKeeper {
  readonly book: ClassBook
  /** Null: it is not in the configuration any more. */
  readonly config: ClassConfig | null
  readonly timetable: Timetable | null
  readonly #context: Pick<PluginContext, 'client' | 'clock' | 'log'>
  /** All seats sleep until the next session, unless one of them is touched. */
  #isQuiet = false

  /** @throws StandinError `invalid` for its timetable */
  constructor(context: Pick<PluginContext, 'client' | 'clock' | 'log'>, book: ClassBook, config: ClassConfig | null) {
    this.#context = context
    this.book = book
    this.config = config
    this.timetable = config === null ? null : new Timetable(config, parseDuration(config.readyBefore))
  }

  get phase(): Phase {
    return this.timetable?.phaseAt(this.#context.clock.now()) ?? { kind: 'over' }
  }

  /**
   * Once through all of its seats.
   * @returns what does not work just now, in words
   */
  async round(signal: AbortSignal, print: (line: string) => void): Promise<string[]> {
    const { phase, book } = this
    if ((phase.kind === 'over' || phase.kind === 'waiting') && book.seats.length === 0) return []
    if (phase.kind === 'waiting' && this.#isQuiet) return []
    this.#isQuiet = false
    const troubles = new Set<string>()
    const round = this.#roundOf(phase)
    const seen = new SeenEnvironments(this.#context.client)
    await seen.refresh(book.name, book.seats.flatMap(copiesOf), signal)
    await this.#learn(seen)
    const mayBegin = await this.#pin(round, signal, print)

    const worker = new SeatWorker(this.#context, book, seen)
    const count = Math.max(this.config?.seats ?? 0, ...book.seats.map(({ number }) => number))
    const taken = new Set<number>()
    const hasSlot = (number: number) => {
      const coming = new Set(taken)
      for (const seat of book.seats) if (isComingUp(seat, { phase, round, look: (copy) => seen.look(copy) })) coming.add(seat.number)
      return coming.has(number) || coming.size < (this.config?.wave ?? 1)
    }
    const keep = async (number: number): Promise<boolean> => {
      const own: Phase = number > (this.config?.seats ?? 0) ? { kind: 'over' } : phase
      const name = `${book.name}-${number}`
      const session = 'session' in own ? own.session.start : null
      const work = { config: this.config ?? { check: false as const }, name, session, signal, print }
      let hasMoved = false
      for (let steps = 0; steps < mostSteps; steps++) {
        signal.throwIfAborted()
        const seat = book.seat(number)
        const view = { phase: own, round, look: seen.look.bind(seen), hasSlot: hasSlot(number), name, now: this.#context.clock.now() }
        const step = nextStep(seat, view)
        if (step.do === 'begin' && !mayBegin) break
        if (step.do === 'begin' || step.do === 'wake') taken.add(number)
        try {
          if (!(await worker.perform(seat, step, work))) break
          hasMoved = true
        } catch (error) {
          signal.throwIfAborted()
          const message = error instanceof Error ? error.message : String(error)
          troubles.add(message)
          print(`${name}: ${message}`)
          this.#context.log.warn({ class: book.name, seat: number, step: step.do }, message)
          hasMoved = false
          break
        }
      }
      taken.delete(number)
      return hasMoved
    }
    // One that is ready, or given up, makes room for another of the wave.
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    for (let passes = 0; passes < mostPasses; passes++) {
      const moved = await Promise.all(numbers.map(keep))
      if (!moved.includes(true)) break
    }
    for (const seat of book.seats) if (isNothing(seat) && seat.number > (this.config?.seats ?? 0)) await book.forgetSeat(seat.number)
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
    const { book, config, phase } = this
    if (config === null || number < 1 || number > config.seats) {
      throw new StandinError('invalid', `the class ${book.name} has no seat ${number}`, {
        hint: `\`standin class show ${book.name}\` lists them`,
      })
    }
    const seat = book.seat(number)
    if (phase.kind === 'over' || (phase.kind === 'waiting' && seat.current === null && seat.next === null)) {
      throw new StandinError(
        'state_conflict',
        `the seats of the class ${book.name} are not there ${phase.kind === 'over' ? 'any more' : 'yet'}`,
        {
          hint: `\`standin class show ${book.name}\` says when they are made`,
        },
      )
    }
    this.touch()
    const now = this.#context.clock.now()
    await book.saveSeat(afterReset(seat, by, now))
    await book.note({ at: now, seat: number, message: `reset by ${by}` })
  }

  /** Which seats stand ready for a session, and which do not. */
  readonly readiness = (session: Session): { ready: number; missing: number[] } => {
    const numbers = Array.from({ length: this.config?.seats ?? 0 }, (_, index) => index + 1)
    const missing = numbers.filter((number) => {
      const { current, checkedFor } = this.book.seat(number)
      return current === null || checkedFor !== session.start || current.trouble !== null
    })
    return { ready: numbers.length - missing.length, missing }
  }

  #roundOf(phase: Phase): string | null {
    if (!('session' in phase)) return null
    const { refresh } = this.config ?? {}
    if (refresh === 'never') return 'course'
    return refresh === 'daily' ? phase.session.day : new Date(phase.session.start).toISOString()
  }

  /** What was made by a creation whose answer was lost. */
  async #learn(seen: SeenEnvironments): Promise<void> {
    for (const seat of this.book.seats) {
      const learned = new Map(
        copiesOf(seat).flatMap((copy) => {
          const made = copy.environment === null ? seen.madeAs(copy) : undefined
          return made === undefined ? [] : [[copy.key, { ...copy, environment: made.id }] as const]
        }),
      )
      if (learned.size === 0) continue
      const known = <C extends Seat['next']>(copy: C) => (copy === null ? copy : (learned.get(copy.key) ?? copy)) as C
      await this.book.saveSeat({
        ...seat,
        ...{ current: known(seat.current), next: known(seat.next), aside: known(seat.aside), leaving: seat.leaving.map(known) },
      })
    }
  }

  /** All seats of a round are clones of one version. @returns whether there is one to clone */
  async #pin(round: string | null, signal: AbortSignal, print: (line: string) => void): Promise<boolean> {
    const { config, book } = this
    const { pinned } = book.record
    if (config === null || (round === null && pinned !== null) || (pinned !== null && pinned.round === round)) return true
    try {
      const { ref } = await this.#context.client.templates.get(config.template, { signal })
      await book.save({ pinned: { round: round ?? '', template: ref }, trouble: null })
      return true
    } catch (error) {
      if (!(error instanceof StandinError && error.kind === 'not-found')) throw error
      if (book.record.trouble !== error.message) {
        const { message } = error
        print(`${book.name}: ${message}`)
        await book.note({ at: this.#context.clock.now(), seat: null, message })
        const notice = { kind: 'classroom.template-missing', message: `${book.name}: ${message}`.slice(0, 500), data: { class: book.name } }
        await this.#context.client.events.notify(notice, { signal, idempotencyKey: `template-missing-${book.name}-${round}` })
        await book.save({ trouble: message })
      }
      return false
    }
  }

  /** What those who follow the events hear of the class as a whole. */
  async #tell(phase: Phase, signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { book } = this
    const { name, record } = book
    const notify = async (kind: string, at: number | string, message: string, data: object = {}) => {
      print(`${name}: ${message}`)
      const notice = { kind: `classroom.${kind}`, message: `${name}: ${message}`.slice(0, 500), data: { class: name, ...data } }
      await this.#context.client.events.notify(notice, { signal, idempotencyKey: `${kind}-${name}-${at}` })
    }
    if ('session' in phase) {
      const { session } = phase
      const { ready, missing } = this.readiness(session)
      const count = `${ready} of ${ready + missing.length} seats are ready`
      if (missing.length === 0 && record.readyTold !== session.start) {
        await notify('ready', session.start, count, { ready })
        await book.save({ readyTold: session.start, endedAt: null })
      }
      if (phase.kind === 'session' && record.beganTold !== session.start) {
        await notify('session-began', session.start, missing.length === 0 ? count : `${count}; missing: ${missing.join(', ')}`, {
          ready,
          missing,
        })
        await book.save({ beganTold: session.start, endedAt: null })
      }
      return
    }
    if (phase.kind !== 'over' || !book.seats.every(isNothing)) return
    const failures = record.journal.filter(({ message }) => !message.startsWith('reset by')).length
    const since = record.journal[0]?.at ?? record.beganTold ?? 0
    await notify('ended', since, `it is over, and its seats are gone; ${failures} troubles are in its report`, { failures })
    await book.save({ endedAt: this.#context.clock.now(), pinned: null })
    for (const { number } of book.seats) await book.forgetSeat(number)
    if (this.config === null) await book.forget()
  }
}

function isNothing(seat: Seat): boolean {
  return copiesOf(seat).length === 0
}
