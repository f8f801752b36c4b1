import { type Ledger, mebibyte, minuteMs, type UsageSpan } from '../metering/usage-span.ts'
import { templateNameOf } from '../reports/dimensions.ts'
import { type Sight, wholeSight } from '../sight.ts'
import { roundAmount } from './amount.ts'
import { costDenominator, costOf, type Prices } from './prices.ts'
import { storageMinutes } from './storage-minutes.ts'

/** What an environment has cost so far, as far back as is kept, and what it costs just now. */
export interface EnvironmentCost {
  readonly environment: number
  readonly svmHours: number
  readonly gbHours: number
  /** Rounded half up to six decimals. */
  readonly cost: number
  /** What an hour costs if nothing changes. */
  readonly perHour: number
}

interface Settled {
  /** What is before does not change any more, ms. */
  upTo: number
  svmMinutes: bigint
  byteMinutes: bigint
  cost: bigint
}

/** Only what changed since the last time is read again: asking costs little, however old an environment is. */
export class EnvironmentCosts {
  readonly #ledger: Pick<Ledger, 'spans' | 'current' | 'since'>
  readonly #prices: Prices
  readonly #settled = new Map<number, Settled>()

  constructor(ledger: Pick<Ledger, 'spans' | 'current' | 'since'>, prices: Prices) {
    this.#ledger = ledger
    this.#prices = prices
  }

  /** Those that are not known, or not seen, are left out. @param now ms */
  async read(ids: readonly number[], now: number, sight: Sight = wholeSight): Promise<EnvironmentCost[]> {
    const wanted = new Set(ids)
    const current = new Map<number, UsageSpan>()
    for (const span of this.#ledger.current()) if (span.environment !== null) current.set(span.environment, span)
    for (const id of this.#settled.keys()) if (!current.has(id)) this.#settled.delete(id)
    const costs: EnvironmentCost[] = []
    for (const id of wanted) {
      const span = current.get(id)
      // Of what is gone, nobody can tell whose it would be.
      if (!sight.isWhole && (span === undefined || !sight.span(span))) continue
      const settled = await this.#settle(id, span?.from)
      if (span === undefined && settled.upTo === 0) continue
      const sum = { ...settled }
      if (span !== undefined) add(sum, { ...span, to: now - (now % minuteMs) }, this.#prices)
      const price = this.#prices.at(now, span?.labels.project ?? '', span === undefined ? '' : templateNameOf(span))
      const perHour = span === undefined ? 0n : costOf(price, 60n * BigInt(span.svms), 60n * BigInt(Math.ceil(span.storageBytes)))
      costs.push({
        environment: id,
        svmHours: rounded(sum.svmMinutes, 60n, 4),
        gbHours: rounded(sum.byteMinutes, 60n * 2n ** 30n, 4),
        cost: rounded(sum.cost, costDenominator, 6),
        perHour: rounded(perHour, costDenominator, 6),
      })
    }
    return costs
  }

  /** @param to where what goes on began; undefined: nothing does */
  async #settle(environment: number, to: number | undefined): Promise<Settled> {
    const known = this.#settled.get(environment)
    // Where metering corrected what it had said, it is read anew.
    const before =
      known !== undefined && (to === undefined || known.upTo <= to) ? known : { upTo: 0, svmMinutes: 0n, byteMinutes: 0n, cost: 0n }
    if (before.upTo === to) return before
    const settled = { ...before }
    const from = before.upTo || (this.#ledger.since ?? 0)
    for await (const span of this.#ledger.spans({ environment, from, ...(to === undefined ? {} : { to }) })) {
      add(settled, span, this.#prices)
      settled.upTo = span.to ?? settled.upTo
    }
    if (to !== undefined) this.#settled.set(environment, { ...settled, upTo: to })
    return settled
  }
}

function add(sum: Settled, span: UsageSpan, prices: Prices): void {
  const places = prices.of(span.labels.project ?? '', templateNameOf(span))
  const end = span.to ?? span.from
  let begin = span.from
  for (let stretch = 0; stretch < places.length && begin < end; stretch++) {
    const until = Math.min(end, prices.edges[stretch] ?? Number.POSITIVE_INFINITY)
    if (until <= begin) continue
    const minutes = BigInt((until - begin) / minuteMs)
    const svmMinutes = minutes * BigInt(span.svms)
    const byteMinutes = BigInt(storageMinutes(span, begin, until)) * BigInt(mebibyte)
    const price = prices.table[places[stretch] as number]
    sum.svmMinutes += svmMinutes
    sum.byteMinutes += byteMinutes
    if (price !== undefined) sum.cost += costOf(price, svmMinutes, byteMinutes)
    begin = until
  }
}

function rounded(numerator: bigint, denominator: bigint, decimals: number): number {
  return Number(roundAmount(numerator, denominator, decimals)) / 10 ** decimals
}
