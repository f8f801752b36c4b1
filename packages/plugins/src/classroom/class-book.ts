import type { PluginStore } from '@standin/core'
import { copiesOf, emptySeat, type Seat } from './seat.ts'

/** Something that a person may want to know afterwards. */
export type JournalEntry = { readonly at: number; readonly seat: number | null; readonly message: string }

/** What is known of a class besides its seats. */
export type ClassRecord = {
  /** Which version the seats of a round are cloned from. */
  readonly pinned: { readonly round: string; readonly template: string } | null
  /** The sessions, by their beginnings, of which it was told that all is ready, and that they began. */
  readonly readyTold: number | null
  readonly beganTold: number | null
  /** Why no seat can be made just now. */
  readonly trouble: string | null
  /** When its end was told; null: it is not over, or was never begun. */
  readonly endedAt: number | null
  readonly journal: readonly JournalEntry[]
}

const empty: ClassRecord = { pinned: null, readyTold: null, beganTold: null, trouble: null, endedAt: null, journal: [] }
const mostEntries = 200

/**
 * One class as it is written down. What is in memory is on disk: a change is taken over once it is there. Only one life of the
 * plugin writes.
 */
export class ClassBook {
  readonly name: string
  readonly #store: PluginStore
  readonly #seats = new Map<number, Seat>()
  #record = empty

  constructor(name: string, store: PluginStore) {
    this.name = name
    this.#store = store
  }

  /** The names of the classes of which something is written down. */
  static async names(store: PluginStore): Promise<string[]> {
    const entries = await store.list({ prefix: 'class/' })
    return entries.map(({ key }) => key.slice('class/'.length))
  }

  async read(): Promise<void> {
    this.#record = { ...empty, ...(await this.#store.get<ClassRecord>(`class/${this.name}`)) }
    for await (const { value } of this.#store.iterate<Seat>({ prefix: `seat/${this.name}/` })) this.#seats.set(value.number, value)
  }

  get record(): ClassRecord {
    return this.#record
  }

  /** Those that there are, or may still be. */
  get seats(): Seat[] {
    return [...this.#seats.values()].sort((a, b) => a.number - b.number)
  }

  seat(number: number): Seat {
    return this.#seats.get(number) ?? emptySeat(this.name, number)
  }

  async saveSeat(seat: Seat): Promise<void> {
    // Its class has to be found first by whoever comes after a crash.
    if (this.#seats.size === 0) await this.save({})
    await this.#store.set(`seat/${this.name}/${seat.number}`, seat)
    this.#seats.set(seat.number, seat)
  }

  async save(changes: Partial<ClassRecord>): Promise<void> {
    const record = { ...this.#record, ...changes }
    await this.#store.set(`class/${this.name}`, record)
    this.#record = record
  }

  async note(entry: JournalEntry): Promise<void> {
    await this.save({ journal: [...this.#record.journal, entry].slice(-mostEntries) })
  }

  /** Nothing of it is left. */
  async forgetSeat(number: number): Promise<void> {
    await this.#store.delete(`seat/${this.name}/${number}`)
    this.#seats.delete(number)
  }

  async forget(): Promise<void> {
    await this.#store.delete(`class/${this.name}`)
    this.#record = empty
  }

  /** Whether an environment is, or was made for, one of its seats. */
  has(environment: number): boolean {
    for (const seat of this.#seats.values()) if (copiesOf(seat).some((copy) => copy.environment === environment)) return true
    return false
  }
}
