import { type ErrorKind, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { ClassBook } from '../class-book.ts'
import type { ClassConfig } from '../classroom-config.ts'
import type { StepName, StepOf } from '../next-step.ts'
import type { Seat } from '../seat.ts'
import type { SeenEnvironments } from '../seen-environments.ts'

/** What the steps of a seat work with. */
export interface SeatWork extends Pick<PluginContext, 'client' | 'clock'> {
  readonly book: ClassBook
  readonly seen: SeenEnvironments
  readonly config: Pick<ClassConfig, 'project' | 'check'>
  /** `intro-3` */
  readonly name: string
  /** As `SeatView.occasion`. */
  readonly occasion: string
  /** Of the session that is prepared or held; null: there is none. */
  readonly session: number | null
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

/** What a step begins is written down before it is begun. @returns whether there may be more to do at once */
export type Perform<N extends StepName> = (seat: Seat, step: StepOf<N>, work: SeatWork) => Promise<boolean>

/** What would be refused again. Everything else is the platform's trouble, and is tried again in a minute. */
const refusals: readonly ErrorKind[] = ['quota', 'usage', 'not-found', 'conflict']

export function isRefusal(error: unknown): error is StandinError {
  return error instanceof StandinError && refusals.includes(error.kind)
}

export async function save(seat: Seat, { book }: SeatWork): Promise<true> {
  await book.saveSeat(seat)
  return true
}
