import { setImmediate } from 'node:timers/promises'
import { type Ledger, minuteMs } from '../metering/usage-span.ts'
import { Dimensions } from '../reports/dimensions.ts'
import { startOf } from '../reports/periods.ts'
import { UsageSums } from '../reports/usage-sums.ts'
import { roundAmount } from './amount.ts'
import { costDenominator, type Prices } from './prices.ts'

/** What one owner spent for one project since the month began. */
interface Spent {
  readonly project: string
  readonly owner: string
  readonly cost: number
}

/** Money since the month and since the day began, in the time zone of the configuration. */
export interface MonthCost {
  readonly currency: string
  /** ms since the epoch. */
  readonly from: number
  readonly upTo: number
  readonly today: number
  readonly month: number
  readonly monthByProject: ReadonlyMap<string, number>
  readonly monthByOwner: ReadonlyMap<string, number>
  /** The highest first. */
  readonly spent: readonly Spent[]
}

/** A month of many environments takes its time to add up: what is not older than this is good enough, ms. */
const fresh = 5 * minuteMs
const chunk = 2_000
/** Of projects and owners; it is a sum, no table that somebody reads. */
const mostRows = 1_000_000

/** Adds up this month, now and then. */
export class MonthCosts {
  readonly #ledger: Pick<Ledger, 'spans'>
  readonly #prices: Prices
  readonly #timeZone: string
  readonly #now: () => number
  #last: MonthCost | null = null
  #next: Promise<MonthCost> | null = null

  constructor(ledger: Pick<Ledger, 'spans'>, prices: Prices, timeZone: string, now: () => number) {
    this.#ledger = ledger
    this.#prices = prices
    this.#timeZone = timeZone
    this.#now = now
  }

  /** Not older than five minutes, and of this month. */
  async read(): Promise<MonthCost> {
    const last = this.#last
    if (last !== null && this.#isOfThisMonth(last) && this.#now() - last.upTo < fresh + minuteMs) return last
    this.#next ??= this.#add().finally(() => {
      this.#next = null
    })
    return this.#next
  }

  /** At once where there is any of this month, however old: for who can't wait. */
  async recall(): Promise<MonthCost> {
    const last = this.#last
    const next = this.read()
    if (last === null || !this.#isOfThisMonth(last)) return next
    // It is there the next time; why it is not is told to who waits for it.
    next.catch(() => {})
    return last
  }

  #isOfThisMonth({ from }: MonthCost): boolean {
    return from === startOf(this.#now(), 'month', this.#timeZone)
  }

  async #add(): Promise<MonthCost> {
    const now = this.#now()
    const to = now - (now % minuteMs)
    const from = startOf(now, 'month', this.#timeZone)
    const today = startOf(now, 'day', this.#timeZone)
    const isFirst = today <= from
    const dimensions = new Dimensions([])
    const edges = to <= from ? [from, from + minuteMs] : isFirst || today >= to ? [from, to] : [from, today, to]
    const sums = new UsageSums([dimensions.get('project'), dimensions.get('owner')], edges, this.#prices, mostRows)
    let count = 0
    for await (const span of this.#ledger.spans({ from, to: Math.max(from, to) })) {
      if (++count % chunk === 0) await setImmediate()
      sums.add({ ...span, to: span.to ?? to })
    }
    const [byProject, byOwner, both] = [new Map<string, bigint>(), new Map<string, bigint>(), new Map<string, [string, string, bigint]>()]
    let [month, day] = [0n, 0n]
    for (const { cell, cost } of sums.exact().rows) {
      const [project = '', owner = ''] = cell.group.values
      month += cost
      if (isFirst || (edges.length === 3 && cell.period === 1)) day += cost
      byProject.set(project, (byProject.get(project) ?? 0n) + cost)
      byOwner.set(owner, (byOwner.get(owner) ?? 0n) + cost)
      const key = JSON.stringify([project, owner])
      both.set(key, [project, owner, (both.get(key)?.[2] ?? 0n) + cost])
    }
    const spent = [...both.values()].map(([project, owner, cost]) => ({ project, owner, cost: money(cost) }))
    this.#last = {
      ...{ currency: this.#prices.currency, from, upTo: to, today: money(day), month: money(month) },
      monthByProject: new Map([...byProject].map(([name, cost]) => [name, money(cost)])),
      monthByOwner: new Map([...byOwner].map(([name, cost]) => [name, money(cost)])),
      spent: spent.sort((a, b) => b.cost - a.cost),
    }
    return this.#last
  }
}

function money(cost: bigint): number {
  return Number(roundAmount(cost, costDenominator, 6)) / 1e6
}
