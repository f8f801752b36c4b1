import { StandinError } from '@standin/client'
import { mebibyte, minuteMs, type UsageSpan } from '../metering/usage-span.ts'
import { bytesPerGb, costDenominator, costOf, type Prices } from '../rates/prices.ts'
import { storageMinutes } from '../rates/storage-minutes.ts'
import { type Dimension, templateNameOf } from './dimensions.ts'

/** What was used at one price, and how many share it. */
interface Share {
  readonly price: number
  readonly among: number
  svmMinutes: number
  /** Whole MiB times minutes: those of years are still whole numbers that a double holds. */
  mibMinutes: number
  readonly next: Share | null
}

/** What one combination of values used in one period. */
interface Cell {
  readonly group: Group
  readonly period: number
  shares: Share | null
}

interface Group {
  readonly values: readonly string[]
  /** The last one that was seen of it. */
  latest: UsageSpan
  readonly cells: Map<number, Cell>
}

/** Numerators over the denominators of {@link Exact}. */
export interface ExactRow {
  readonly cell: Cell
  readonly svm: bigint
  readonly gb: bigint
  readonly cost: bigint
}

export interface Exact {
  readonly rows: ExactRow[]
  readonly svmDenominator: bigint
  readonly gbDenominator: bigint
  readonly costDenominator: bigint
}

/**
 * Adds up usage by the values of some dimensions and by periods. Exact: what is counted is whole SVM-minutes and
 * MiB-minutes at each price.
 */
export class UsageSums {
  readonly #dimensions: readonly Dimension[]
  readonly #prices: Prices
  readonly #mostRows: number
  /** Where a period or a price begins or ends, and what is between each and the next. */
  readonly #cuts: readonly number[]
  readonly #periods: readonly number[]
  readonly #stretches: readonly number[]
  readonly #groups = new Map<string, Group>()
  readonly #among = new Set<number>([1])
  #rows = 0

  /**
   * @param edges of the periods, at least two, ms; what is outside of them is not counted
   * @param mostRows beyond these it is too many
   */
  constructor(dimensions: readonly Dimension[], edges: readonly number[], prices: Prices, mostRows: number) {
    this.#dimensions = dimensions
    this.#prices = prices
    this.#mostRows = mostRows
    const [begin, end] = [edges[0] as number, edges.at(-1) as number]
    const inside = prices.edges.filter((at) => at > begin && at < end)
    this.#cuts = [...new Set([...edges, ...inside])].sort((a, b) => a - b)
    this.#periods = this.#cuts.map((at) => lastAtMost(edges, at))
    this.#stretches = this.#cuts.map((at) => lastAtMost(prices.edges, at) + 1)
  }

  /** @throws StandinError `too_large` for more rows than there may be */
  add(span: UsageSpan): void {
    const cuts = this.#cuts
    const last = cuts.length - 1
    const from = Math.max(span.from, cuts[0] as number)
    const to = Math.min(span.to ?? Number.POSITIVE_INFINITY, cuts[last] as number)
    if (from >= to || (span.svms === 0 && span.storageBytes === 0)) return
    const groups = this.#groupsOf(span)
    const places = this.#prices.of(span.labels.project ?? '', templateNameOf(span))
    for (let at = lastAtMost(cuts, from), begin = from; begin < to; at++) {
      const end = Math.min(to, cuts[at + 1] as number)
      const minutes = (end - begin) / minuteMs
      const mibMinutes = storageMinutes(span, begin, end)
      const price = places[this.#stretches[at] as number] as number
      for (const group of groups) {
        const share = this.#shareOf(group, this.#periods[at] as number, price, groups.length)
        share.svmMinutes += span.svms * minutes
        share.mibMinutes += mibMinutes
      }
      begin = end
    }
  }

  /** By period, and within one in the order of their cost, the highest first. */
  exact(): Exact {
    const among = [...this.#among].reduce((a, b) => leastCommonMultiple(a, BigInt(b)), 1n)
    const rows: ExactRow[] = []
    for (const group of this.#groups.values()) {
      for (const cell of group.cells.values()) rows.push(sum(cell, among, this.#prices))
    }
    rows.sort((a, b) => a.cell.period - b.cell.period || descending(a.cost, b.cost) || descending(a.svm, b.svm) || byValues(a, b))
    return { rows, svmDenominator: 60n * among, gbDenominator: 60n * bytesPerGb * among, costDenominator: costDenominator * among }
  }

  #groupsOf(span: UsageSpan): Group[] {
    let combinations: readonly (readonly string[])[] = [[]]
    for (const dimension of this.#dimensions) {
      const values = dimension.valuesOf(span)
      combinations = combinations.flatMap((before) => values.map((value) => [...before, value]))
    }
    this.#among.add(combinations.length)
    return combinations.map((values) => {
      // Whatever a label holds, two combinations are never taken for one.
      const key = values.length === 1 ? (values[0] as string) : JSON.stringify(values)
      let group = this.#groups.get(key)
      if (group === undefined) {
        group = { values, latest: span, cells: new Map() }
        this.#groups.set(key, group)
      } else if (span.from >= group.latest.from) group.latest = span
      return group
    })
  }

  #shareOf(group: Group, period: number, price: number, among: number): Share {
    let cell = group.cells.get(period)
    if (cell === undefined) {
      if (++this.#rows > this.#mostRows)
        throw new StandinError('too_large', `The report has more than ${this.#mostRows} rows`, {
          hint: 'Choose a longer bucket, a shorter range, or fewer things to tell apart',
        })
      cell = { group, period, shares: null }
      group.cells.set(period, cell)
    }
    for (let share = cell.shares; share !== null; share = share.next) if (share.price === price && share.among === among) return share
    const share = { price, among, svmMinutes: 0, mibMinutes: 0, next: cell.shares }
    cell.shares = share
    return share
  }
}

function sum(cell: Cell, all: bigint, { table }: Prices): ExactRow {
  let [svm, gb, cost] = [0n, 0n, 0n]
  for (let share = cell.shares; share !== null; share = share.next) {
    const weight = all / BigInt(share.among)
    const svmMinutes = BigInt(share.svmMinutes) * weight
    const byteMinutes = BigInt(share.mibMinutes) * BigInt(mebibyte) * weight
    svm += svmMinutes
    gb += byteMinutes
    const price = table[share.price]
    if (price !== undefined) cost += costOf(price, svmMinutes, byteMinutes)
  }
  return { cell, svm, gb, cost }
}

/** The place of the last one that is not greater; -1: all are. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return (a / x) * b
}

function descending(a: bigint, b: bigint): number {
  return a < b ? 1 : a > b ? -1 : 0
}

function byValues(a: ExactRow, b: ExactRow): number {
  for (const [index, value] of a.cell.group.values.entries()) {
    const other = b.cell.group.values[index] as string
    if (value !== other) return value < other ? -1 : 1
  }
  return 0
}
