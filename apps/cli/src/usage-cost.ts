import type { StandinClient } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'

/** What an hour of a clone will cost. */
export interface HourlyCost {
  readonly currency: string
  readonly perHour: number
  readonly svms: number
}

/** What an environment has cost so far, and costs now. */
export interface CostSoFar {
  readonly currency: string
  readonly soFar: number
  readonly perHour: number
}

/** Costs are an extra: nobody waits longer for them, ms. */
const patienceMs = 2_000
/** In one request. */
const mostIds = 1_000

/** Null: no plugin usage with rates answers. */
export async function hourlyCost(context: Context, template: string, labels: Readonly<Record<string, string>>): Promise<HourlyCost | null> {
  type Answer = Omit<HourlyCost, 'currency'> & { readonly currency: string | null }
  const answer = await extra(context, (client, signal) =>
    client.plugins.ask<Answer>('usage', '/estimate', { method: 'POST', body: { template, labels }, signal }),
  )
  if (answer === null || answer.currency === null) return null
  return { currency: answer.currency, perHour: answer.perHour, svms: answer.svms }
}

/** By configId; empty where no plugin usage with rates answers. */
export async function costsSoFar(context: Context, ids: readonly number[]): Promise<ReadonlyMap<number, CostSoFar>> {
  interface Answer {
    readonly currency: string | null
    readonly items: readonly { readonly environment: number; readonly cost: number; readonly perHour: number }[]
  }
  const costs = new Map<number, CostSoFar>()
  for (let at = 0; at < ids.length; at += mostIds) {
    const some = ids.slice(at, at + mostIds).join(',')
    const answer = await extra(context, (client, signal) => client.plugins.ask<Answer>('usage', `/environments?ids=${some}`, { signal }))
    // Some with and some without would look as if those without cost nothing.
    if (answer === null || answer.currency === null) return new Map()
    for (const { environment, cost, perHour } of answer.items) costs.set(environment, { currency: answer.currency, soFar: cost, perHour })
  }
  return costs
}

const format = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 4, useGrouping: false })

/** `12.50 EUR`, `0.0002 EUR`: two decimals, or up to four where that says more. */
export function formatMoney(amount: number, currency: string): string {
  return `${amount >= 1 ? amount.toFixed(2) : format.format(amount)} ${currency}`
}

/** Null where it is not to be had, for whatever reason. */
async function extra<T>(context: Context, ask: (client: StandinClient, signal: AbortSignal) => Promise<T>): Promise<T | null> {
  try {
    return await ask(await context.connect(), AbortSignal.timeout(patienceMs))
  } catch (error) {
    context.signal.throwIfAborted()
    // What is wrong with the connection or the template is told by what is asked next.
    if (error instanceof StandinError || (error as Error)?.name === 'TimeoutError') return null
    throw error
  }
}
