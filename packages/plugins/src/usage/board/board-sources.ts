import type { Ledger } from '../metering/usage-span.ts'
import type { UsageNow } from './usage-now.ts'

/** Money since the first of the month and since midnight. Keys are projects (empty: none) and owners. */
export interface MoneySoFar {
  /** ISO 4217. */
  readonly currency: string
  readonly today: number
  readonly month: number
  /** Counted until then, ms since the epoch. */
  readonly upTo: number
  readonly monthByProject: ReadonlyMap<string, number>
  readonly monthByOwner: ReadonlyMap<string, number>
}

export type QuotaUse = UsageNow['quotas'][number]

/** What the board asks of the rest of usage. */
export interface BoardSources {
  /** Where days and months begin. */
  readonly timeZone: string
  readonly ledger: Pick<Ledger, 'current'>
  /** Null: there are no rates. */
  money(signal: AbortSignal): Promise<MoneySoFar | null>
  /** All of them, however full. */
  quotas(signal: AbortSignal): Promise<readonly QuotaUse[]>
}
