import { createHash } from 'node:crypto'
import { StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { Ledger } from '../metering/usage-span.ts'
import type { MonthCosts } from '../rates/month-costs.ts'
import type { Sight } from '../sight.ts'
import { amountText, sharesText } from './quota-text.ts'
import { type QuotaUse, quotaUses } from './quota-use.ts'
import type { QuotaLimits } from './quotas-config.ts'

/** What was said of a quota: nothing, that it is nearly used up, that it is. */
export type QuotaLevel = 0 | 80 | 100

/** How often something was said of it, and what is the last that holds. */
interface Told {
  readonly count: number
  readonly level: QuotaLevel
}

const prefix = 'quota/told/'

/**
 * Nothing is said twice until less than 75 % are used again: around 80 %, something comes and goes all the time.
 */
export function nextLevel(level: QuotaLevel, ratio: number): QuotaLevel {
  if (ratio < 0.75) return 0
  if (ratio >= 1) return 100
  return ratio >= 0.8 && level === 0 ? 80 : level
}

/** Knows how full all quotas are, and warns of those that fill up. */
export class QuotaWatch {
  readonly #limits: QuotaLimits
  readonly #ledger: Pick<Ledger, 'current'>
  readonly #month: MonthCosts
  readonly #context: Pick<PluginContext, 'client' | 'store'>
  readonly #currency: string

  constructor(
    limits: QuotaLimits,
    ledger: Pick<Ledger, 'current'>,
    month: MonthCosts,
    context: Pick<PluginContext, 'client' | 'store'>,
    currency: string,
  ) {
    this.#limits = limits
    this.#ledger = ledger
    this.#month = month
    this.#context = context
    this.#currency = currency
  }

  /** All of them that are seen, the fullest first. */
  async uses(signal: AbortSignal, sight?: Sight): Promise<QuotaUse[]> {
    if (this.#limits.isEmpty) return []
    const trash = new Set<number>()
    for await (const { id } of this.#context.client.environments.iterate({ deleted: true, limit: 1000 }, { signal })) trash.add(id)
    const clones = [...this.#ledger.current()].filter(
      ({ environment, template }) => environment !== null && template !== null && !trash.has(environment),
    )
    return quotaUses(this.#limits, clones, this.#limits.hasMoney ? await this.#month.read() : null, sight)
  }

  /** Tell of those that were crossed since the last time: once, whatever restarts in between. */
  async warn(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { store } = this.#context
    const told = new Map<string, Told>()
    for await (const { key, value } of store.iterate<Told>({ prefix })) told.set(key, value)
    for (const use of await this.uses(signal)) {
      const key = `${prefix}${use.holder.kind}/${use.measure}/${encodeURIComponent(use.holder.name).slice(0, 200)}`
      const { count, level } = told.get(key) ?? { count: 0, level: 0 }
      const next = nextLevel(level, use.ratio)
      told.delete(key)
      if (next === level) continue
      if (next !== 0) {
        const message = this.#messageOf(use)
        print(message)
        await this.#notify(use, message, next, `usage-quota:${createHash('sha256').update(key).digest('hex')}:${count}`, signal)
      }
      await store.set(key, { count: count + 1, level: next })
    }
    // Of who has nothing any more, or no quota.
    for (const [key, { count, level }] of told) if (level !== 0) await store.set(key, { count: count + 1, level: 0 })
  }

  async #notify(
    { who, what, used, limit, by }: QuotaUse,
    message: string,
    level: QuotaLevel,
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<void> {
    const kind = level === 100 ? 'usage.quota-reached' : 'usage.quota-near'
    const data = { who, what, used, limit, by: by.slice(0, 10) }
    try {
      await this.#context.client.events.notify({ kind, message: message.slice(0, 500), data }, { idempotencyKey, signal })
    } catch (error) {
      // Control died before it was written down that this was said, with other figures.
      if (!(error instanceof StandinError && error.code === 'idempotency_conflict')) throw error
    }
  }

  #messageOf({ who, what, measure, used, limit, ratio, by }: QuotaUse): string {
    const [has, may] = [amountText(measure, used, this.#currency), amountText(measure, limit, this.#currency)]
    return `The ${who} uses ${Math.floor(ratio * 100)} % of its ${what}, ${has} of ${may}: ${sharesText(measure, by, this.#currency)}`
  }
}
