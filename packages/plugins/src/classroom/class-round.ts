import type { PluginContext } from '@standin/core'
import type { ClassBook } from './class-book.ts'
import type { ClassConfig } from './classroom-config.ts'
import { isComingUp, nextStep } from './next-step.ts'
import type { SeenEnvironments } from './seen-environments.ts'
import { performStep } from './steps/perform-step.ts'
import type { Phase } from './timetable.ts'

/** Further steps of one seat come with the next round. */
const mostSteps = 12
const mostPasses = 20

export interface ClassRoundParts {
  readonly context: Pick<PluginContext, 'client' | 'clock' | 'log'>
  readonly book: ClassBook
  readonly config: ClassConfig | null
  readonly seen: SeenEnvironments
  readonly phase: Phase
  /** As `SeatView.round`. */
  readonly round: string | null
  /** As `SeatView.occasion`. */
  readonly occasion: string
  /** Whether it is known which version is to be cloned. */
  readonly mayBegin: boolean
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

/** Once through all seats of a class: each goes as far as it can, no more than a wave of them come up at once. */
export class ClassRound {
  readonly #parts: ClassRoundParts
  /** The seats that come up. */
  readonly #coming = new Set<number>()
  readonly #troubles = new Set<string>()

  constructor(parts: ClassRoundParts) {
    this.#parts = parts
  }

  /** @returns what does not work just now, in words */
  async run(): Promise<ReadonlySet<string>> {
    const { book, config } = this.#parts
    for (const { number } of book.seats) this.#count(number)
    const count = Math.max(config?.seats ?? 0, ...book.seats.map(({ number }) => number))
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    // One that is ready, or given up, makes room for another of the wave.
    for (let passes = 0, hasMoved = true; hasMoved && passes < mostPasses; passes++) {
      hasMoved = (await Promise.all(numbers.map((number) => this.#keep(number)))).includes(true)
    }
    return this.#troubles
  }

  /** @returns whether something of it has changed */
  async #keep(number: number): Promise<boolean> {
    const { book, config, context, seen, round, occasion, mayBegin, signal, print } = this.#parts
    const name = `${book.name}-${number}`
    const phase = this.#phaseOf(number)
    const session = 'session' in phase ? phase.session.start : null
    const work = { ...context, book, seen, config: config ?? { check: false as const }, name, occasion, session, signal, print }
    let hasMoved = false
    for (let steps = 0; steps < mostSteps; steps++) {
      signal.throwIfAborted()
      const seat = book.seat(number)
      const hasSlot = this.#coming.has(number) || this.#coming.size < (config?.wave ?? 1)
      const step = nextStep(seat, { phase, round, occasion, look: (copy) => seen.look(copy), hasSlot, name, now: context.clock.now() })
      if (step.do === 'begin' && !mayBegin) return hasMoved
      if (step.do === 'begin' || step.do === 'wake') this.#coming.add(number)
      try {
        if (!(await performStep(seat, step, work))) return hasMoved
        hasMoved = true
      } catch (error) {
        signal.throwIfAborted()
        const message = error instanceof Error ? error.message : String(error)
        this.#troubles.add(message)
        print(`${name}: ${message}`)
        context.log.warn({ class: book.name, seat: number, step: step.do }, message)
        return false
      } finally {
        this.#count(number)
      }
    }
    return hasMoved
  }

  #count(number: number): void {
    const { book, seen, round, occasion } = this.#parts
    const view = { phase: this.#phaseOf(number), round, occasion, look: seen.look.bind(seen) }
    if (isComingUp(book.seat(number), view)) this.#coming.add(number)
    else this.#coming.delete(number)
  }

  /** A seat that the class has no more is over. */
  #phaseOf(number: number): Phase {
    return number > (this.#parts.config?.seats ?? 0) ? { kind: 'over' } : this.#parts.phase
  }
}
