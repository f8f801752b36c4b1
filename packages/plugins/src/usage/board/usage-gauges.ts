import type { PluginGauge, PluginMetrics } from '@standin/core'
import type { UsageSpan } from '../metering/usage-span.ts'
import type { MoneySoFar, QuotaUse } from './board-sources.ts'
import type { Member } from './fleet.ts'
import { type Share, shares } from './put-together.ts'

/** So many projects are told apart; those that use least are summed up as `other`. */
const mostProjects = 200
const mostQuotas = 500

/** What Prometheus is told of usage, each time that it was looked at. */
export class UsageGauges {
  readonly #environments: PluginGauge
  readonly #svms: PluginGauge
  readonly #storage: PluginGauge
  readonly #templates: PluginGauge
  readonly #money: PluginGauge
  readonly #quotas: PluginGauge

  constructor(metrics: PluginMetrics) {
    const byProject = ['project']
    this.#environments = metrics.gauge('running_environments', { help: 'Environments that run', labels: byProject })
    this.#svms = metrics.gauge('running_svms', { help: 'SVMs that run', labels: byProject })
    this.#storage = metrics.gauge('storage_bytes', { help: 'Disk that environments hold, whatever their state', labels: byProject })
    this.#templates = metrics.gauge('template_storage_bytes', { help: 'Disk that templates hold' })
    this.#money = metrics.gauge('month_cost', {
      help: 'Money since the first of the month, in the currency of the rates',
      labels: ['project', 'currency'],
    })
    this.#quotas = metrics.gauge('quota_used_ratio', { help: 'Share of a quota that is used: 1 is all of it', labels: ['who', 'what'] })
  }

  set(
    members: readonly Member[],
    spans: readonly UsageSpan[],
    { money, quotas }: { money: MoneySoFar | null; quotas: readonly QuotaUse[] },
  ): void {
    for (const gauge of [this.#environments, this.#svms, this.#storage, this.#money, this.#quotas]) gauge.reset()
    const environments = spans.filter(({ environment }) => environment !== null)
    for (const { name: project, environments: running, svms, storageBytes, month } of bounded(
      shares(members, environments, 'project', money?.monthByProject),
    )) {
      this.#environments.set(running, { project })
      this.#svms.set(svms, { project })
      this.#storage.set(storageBytes, { project })
      if (money !== null && month !== null) this.#money.set(month, { project, currency: money.currency })
    }
    this.#templates.set(spans.reduce((sum, { environment, storageBytes }) => (environment === null ? sum + storageBytes : sum), 0))
    const fullest = quotas.toSorted((a, b) => b.ratio - a.ratio).slice(0, mostQuotas)
    for (const { who, what, ratio } of fullest) this.#quotas.set(ratio, { who, what })
  }
}

function bounded(all: readonly Share[]): readonly Share[] {
  if (all.length <= mostProjects) return all
  const rest = all.slice(mostProjects - 1)
  const sum = (of: (share: Share) => number) => rest.reduce((total, share) => total + of(share), 0)
  const other = {
    name: 'other',
    environments: sum(({ environments }) => environments),
    svms: sum(({ svms }) => svms),
    storageBytes: sum(({ storageBytes }) => storageBytes),
    month: sum(({ month }) => month ?? 0),
  }
  return [...all.slice(0, mostProjects - 1), other]
}
