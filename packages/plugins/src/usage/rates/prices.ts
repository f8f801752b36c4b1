import { StandinError } from '@standin/client'
import { madeAt, makeAll } from '../make-all.ts'
import { startOfDay } from '../reports/periods.ts'
import type { RatesConfig } from './rates-config.ts'

/** In units of 10^-9 of the currency. */
export interface Price {
  readonly svmHour: bigint
  readonly gbHour: bigint
}

/** The bytes of a GB, here as in sizes of blueprints. */
export const bytesPerGb = 2n ** 30n
/** What costs are fractions of: billionths of the currency, a minute and a byte at a time. */
export const costDenominator = 1_000_000_000n * 60n * bytesPerGb

/** What so much costs, as a numerator over {@link costDenominator}. */
export function costOf({ svmHour, gbHour }: Price, svmMinutes: bigint, byteMinutes: bigint): bigint {
  return svmMinutes * svmHour * bytesPerGb + byteMinutes * gbHour
}

interface Change {
  readonly at: number
  readonly project: string | undefined
  readonly template: string | undefined
  readonly svmHour: bigint | undefined
  readonly gbHour: bigint | undefined
}

/** What costs how much, for whom, since when. */
export class Prices {
  readonly currency: string
  /** When any price changes, ms since the epoch, in order: between two of these, all stay as they are. */
  readonly edges: readonly number[]
  /** Every price that there is; `of` gives places in it. */
  readonly table: readonly Price[]
  readonly #table: Price[] = []
  readonly #changes: readonly Change[]
  readonly #known = new Map<string, readonly number[]>()

  /** @throws StandinError `invalid` for a date that is none, more than nine decimals, a change without a price */
  constructor(config: RatesConfig, timeZone: string) {
    this.currency = config.currency
    this.table = this.#table
    const readChange = ({ from, project, template, ...prices }: RatesConfig['changes'][number], index: number): Change => {
      const where = `rates.changes[${index}]`
      if (prices.svmHour === undefined && prices.gbHour === undefined)
        throw new StandinError('invalid', `${where} changes nothing`, { hint: 'Give it svmHour, gbHour or both' })
      const at = from === undefined ? Number.NEGATIVE_INFINITY : startOfDay(from, timeZone, `${where}.from`)
      const [svmHour, gbHour] = [billionths(prices.svmHour, `${where}.svmHour`), billionths(prices.gbHour, `${where}.gbHour`)]
      return { at, project, template, svmHour, gbHour }
    }
    const changes = makeAll(...config.changes.map((change, index) => madeAt(`/rates/changes/${index}`, () => readChange(change, index))))
    const base = { svmHour: billionths(config.svmHour, 'rates.svmHour'), gbHour: billionths(config.gbHour, 'rates.gbHour') }
    this.#changes = [{ at: Number.NEGATIVE_INFINITY, project: undefined, template: undefined, ...base }, ...changes]
    this.edges = [...new Set(changes.map(({ at }) => at).filter(Number.isFinite))].sort((a, b) => a - b)
  }

  /**
   * Places in `table`, one for each stretch of time that `edges` makes: the first one is before the first edge.
   * @param template name without a version
   */
  of(project: string, template: string): readonly number[] {
    const key = `${project}\0${template}`
    let places = this.#known.get(key)
    if (places === undefined) {
      places = [Number.NEGATIVE_INFINITY, ...this.edges].map((at) => this.#place(project, template, at))
      // Labels are free text: whoever makes up a project a minute must not fill the memory.
      if (this.#known.size >= 10_000) this.#known.clear()
      this.#known.set(key, places)
    }
    return places
  }

  /** @param template name without a version */
  at(instant: number, project: string, template: string): Price {
    const places = this.of(project, template)
    let stretch = 0
    while (stretch < this.edges.length && (this.edges[stretch] as number) <= instant) stretch++
    return this.#table[places[stretch] as number] as Price
  }

  #place(project: string, template: string, at: number): number {
    let [svmHour, gbHour] = [0n, 0n]
    for (const change of this.#changes) {
      if (change.at > at || (change.project ?? project) !== project || (change.template ?? template) !== template) continue
      svmHour = change.svmHour ?? svmHour
      gbHour = change.gbHour ?? gbHour
    }
    const known = this.#table.findIndex((price) => price.svmHour === svmHour && price.gbHour === gbHour)
    return known === -1 ? this.#table.push({ svmHour, gbHour }) - 1 : known
  }
}

function billionths(price: number, where: string): bigint
function billionths(price: number | undefined, where: string): bigint | undefined
function billionths(price: number | undefined, where: string): bigint | undefined {
  if (price === undefined) return undefined
  const units = Math.round(price * 1e9)
  if (price < 0) throw new StandinError('invalid', `${where}: ${price} is negative`)
  if (units / 1e9 !== price)
    throw new StandinError('invalid', `${where}: ${price} has more than nine decimals`, { hint: 'Round it: money is counted exactly' })
  return BigInt(units)
}
