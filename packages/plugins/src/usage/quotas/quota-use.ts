import type { UsageSpan } from '../metering/usage-span.ts'
import type { MonthCost } from '../rates/month-costs.ts'
import { type Sight, wholeSight } from '../sight.ts'
import { holderText, measureText, type QuotaShare } from './quota-text.ts'
import { type QuotaHolder, type QuotaLimits, type QuotaMeasure, quotaMeasures } from './quotas-config.ts'
import { sharesOf, spentShares } from './shares.ts'

/** How full one quota is. */
export interface QuotaUse {
  readonly holder: QuotaHolder
  readonly measure: QuotaMeasure
  /** `project shop` */
  readonly who: string
  /** `running SVMs` */
  readonly what: string
  /** Of storage in bytes, of money in the currency. */
  readonly used: number
  readonly limit: number
  /** 1 is all of it; more where it was made smaller. What may not be had at all counts as full. */
  readonly ratio: number
  /** Owners of a project; of a user environments, or projects for money. */
  readonly by: readonly QuotaShare[]
}

/**
 * All quotas of those that are named, and of those who have anything: the fullest first.
 * @param clones what there is now, without what is in the trash
 * @param month null: nobody's money is limited
 * @param sight only quotas that it holds: how full one's own is counts all that one has, who has how much of it only what is seen
 */
export function quotaUses(
  limits: QuotaLimits,
  clones: readonly UsageSpan[],
  month: MonthCost | null,
  sight: Sight = wholeSight,
): QuotaUse[] {
  const of = { project: new Map<string, UsageSpan[]>(), user: new Map<string, UsageSpan[]>() }
  const holders = new Map<string, QuotaHolder>()
  const know = (holder: QuotaHolder) => holders.set(JSON.stringify([holder.kind, holder.name]), holder)
  for (const holder of limits.named) know(holder)
  for (const span of clones) {
    for (const holder of [{ kind: 'project', name: span.labels.project ?? '' } as const, { kind: 'user', name: span.owner } as const]) {
      const spans = of[holder.kind].get(holder.name)
      if (spans !== undefined) spans.push(span)
      else {
        of[holder.kind].set(holder.name, [span])
        know(holder)
      }
    }
  }
  for (const name of month?.monthByProject.keys() ?? []) know({ kind: 'project', name })
  for (const name of month?.monthByOwner.keys() ?? []) know({ kind: 'user', name })

  const uses: QuotaUse[] = []
  for (const holder of holders.values()) {
    if (!(holder.kind === 'project' ? sight.project(holder.name) : sight.owner(holder.name))) continue
    const limit = limits.of(holder)
    for (const measure of quotaMeasures) {
      if (limit[measure] !== undefined)
        uses.push(useOf(holder, measure, limit[measure], of[holder.kind].get(holder.name) ?? [], month, sight))
    }
  }
  return uses.sort((a, b) => b.ratio - a.ratio || (a.who < b.who ? -1 : a.who > b.who ? 1 : 0))
}

function useOf(
  holder: QuotaHolder,
  measure: QuotaMeasure,
  limit: number,
  spans: readonly UsageSpan[],
  month: MonthCost | null,
  sight: Sight,
): QuotaUse {
  const isMoney = measure === 'moneyPerMonth'
  const sums = holder.kind === 'project' ? month?.monthByProject : month?.monthByOwner
  const used = isMoney ? (sums?.get(holder.name) ?? 0) : spans.reduce((sum, span) => sum + amountOf(measure, span), 0)
  const by = isMoney
    ? spentShares(
        holder,
        (month?.spent ?? []).filter(({ project }) => project === '' || sight.project(project)),
      )
    : sharesOf(
        spans
          .filter((span) => sight.span(span))
          .map((span) => [holder.kind === 'project' ? span.owner : span.name, amountOf(measure, span)]),
      )
  const ratio = limit > 0 ? used / limit : 1
  return { holder, measure, who: holderText(holder), what: measureText[measure], used, limit, ratio, by }
}

function amountOf(measure: QuotaMeasure, { svms, storageBytes }: UsageSpan): number {
  return measure === 'environments' ? 1 : measure === 'svms' ? svms : storageBytes
}
