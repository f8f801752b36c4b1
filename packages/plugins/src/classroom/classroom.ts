import { type Fault, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import { ClassBook } from './class-book.ts'
import { ClassKeeper } from './class-keeper.ts'
import type { ClassroomConfig } from './classroom-config.ts'

/** Lines that nobody asked for yet, at most. */
const mostLines = 1_000

/** All classes: those of the configuration, and those that were. */
export class Classroom {
  readonly #context: PluginContext
  #keepers = new Map<string, ClassKeeper>()
  #last: Promise<void> = Promise.resolve()
  #lines: string[] = []

  /** @throws StandinError `invalid` with every fault: of timetables, and of classes that can't be told apart */
  constructor(context: PluginContext, config: ClassroomConfig) {
    this.#context = context
    const errors: Fault[] = []
    for (const [index, each] of config.classes.entries()) {
      const { name, students, seats } = each
      const fault = (message: string) => errors.push({ path: `/classes/${index}`, message })
      if (this.#keepers.has(name)) fault(`there are two classes called ${name}`)
      if (students.length > seats) fault(`the class ${name} has ${students.length} students and ${seats} seats`)
      try {
        this.#keepers.set(name, new ClassKeeper(context, new ClassBook(name, context.store), each))
      } catch (error) {
        if (!(error instanceof StandinError)) throw error
        fault([error.message, ...(error.hint === undefined ? [] : [error.hint])].join('. '))
      }
    }
    if (errors.length > 0) throw new StandinError('invalid', errors.map(({ message }) => message).join('; '), { errors })
  }

  /** Read what is written down. */
  async start(): Promise<void> {
    for (const name of await ClassBook.names(this.#context.store)) {
      if (!this.#keepers.has(name)) this.#keepers.set(name, new ClassKeeper(this.#context, new ClassBook(name, this.#context.store), null))
    }
    for (const { book } of this.#keepers.values()) await book.read()
  }

  /** Those of the configuration. */
  get classes(): ClassKeeper[] {
    return [...this.#keepers.values()].filter(({ config }) => config !== null)
  }

  /** @throws StandinError `route_not_found` */
  class(name: string): ClassKeeper {
    const keeper = this.#keepers.get(name)
    if (keeper !== undefined && keeper.config !== null) return keeper
    throw new StandinError('route_not_found', `there is no class ${name.slice(0, 80)}`, { hint: '`standin class list` shows them' })
  }

  /** All classes, once. */
  async round(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    await this.#inTurn(async () => {
      for (const line of this.#lines.splice(0)) print(line)
      const troubles: string[] = []
      for (const [name, keeper] of [...this.#keepers]) {
        troubles.push(...(await this.#one(keeper, signal, print)))
        if (keeper.isForgotten) this.#keepers.delete(name)
      }
      if (troubles.length === 0) this.#context.health.ok()
      else this.#context.health.degraded(troubles.join('; '))
    })
  }

  /** An environment is in another state: where it is a seat, its class may go on at once. */
  async touched(environment: number, signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      // Asked in turn: before a creation has returned, nobody knows what it made.
      const keeper = [...this.#keepers.values()].find(({ book }) => book.has(environment))
      if (keeper === undefined) return
      keeper.touch()
      await this.#one(keeper, signal, (line) => this.#keepLine(line))
    })
  }

  /** Make a seat anew: it is begun at once, where that comes about before `signal` fires. @throws StandinError as `ClassKeeper.reset` */
  async reset(keeper: ClassKeeper, seat: number, by: string, signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      await keeper.reset(seat, by)
      this.#keepLine(`${keeper.book.name}-${seat}: reset by ${by}`)
      // It is written down: what is not begun now is begun by the next round.
      await this.#one(keeper, signal, (line) => this.#keepLine(line)).catch(() => {})
    })
  }

  /** One class never stands in the way of the others. */
  async #one(keeper: ClassKeeper, signal: AbortSignal, print: (line: string) => void): Promise<string[]> {
    try {
      const troubles = await keeper.round(signal, print)
      return troubles.map((trouble) => `${keeper.book.name}: ${trouble}`)
    } catch (error) {
      signal.throwIfAborted()
      const message = `${keeper.book.name}: ${error instanceof Error ? error.message : error}`
      print(message)
      return [message]
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work)
    this.#last = done.catch(() => {})
    return done
  }

  /** Printed by the next run: an event has no output of its own. */
  #keepLine(line: string): void {
    if (this.#lines.length < mostLines) this.#lines.push(line)
  }
}
