import { StandinError } from '@standin/client'
import type { PluginContext, PluginHooks, Schedule } from '@standin/core'
import Type, { type Static } from 'typebox'
import { madeAt, makeAll } from './make-all.ts'
import { KnownThings } from './metering/known-things.ts'
import type { MeteringConfig } from './metering/metering-config.ts'
import type { Ledger } from './metering/usage-span.ts'
import { Admission } from './quotas/admit.ts'
import { quotaRoutes } from './quotas/quota-routes.ts'
import type { QuotaUse } from './quotas/quota-use.ts'
import { QuotaWatch } from './quotas/quota-watch.ts'
import { QuotaLimits, QuotasConfig } from './quotas/quotas-config.ts'
import { costRoutes } from './rates/cost-routes.ts'
import { EnvironmentCosts } from './rates/environment-costs.ts'
import { estimate } from './rates/estimate.ts'
import { moneyText } from './rates/money-text.ts'
import { type MonthCost, MonthCosts } from './rates/month-costs.ts'
import { Prices } from './rates/prices.ts'
import { RatesConfig } from './rates/rates-config.ts'
import { CategoriesConfig, Dimensions } from './reports/dimensions.ts'
import { ReportJobs } from './reports/report-jobs.ts'
import { reportRoutes } from './reports/report-routes.ts'

/** What accounting adds to the configuration of usage. */
export const accountingConfig = {
  rates: Type.Optional(RatesConfig),
  categories: CategoriesConfig,
  quotas: QuotasConfig,
}

const AccountingConfig = Type.Object(accountingConfig)
type AccountingConfig = Static<typeof AccountingConfig>

/** What is made of what was metered: costs, reports, quotas. */
interface Accounting {
  readonly hooks: Pick<PluginHooks, 'admit' | 'section' | 'stop'> & {
    readonly routes: NonNullable<PluginHooks['routes']>
    readonly schedules: readonly Schedule[]
  }
  /** Once metering has begun. What decides about quotas of money is to be there before somebody waits for it. */
  begin(): void
  /** Null: there are no rates. */
  money(): Promise<MonthCost | null>
  quotas(signal: AbortSignal): Promise<QuotaUse[]>
}

/** @throws StandinError `invalid` for what the schema of the configuration can't tell: see Prices, Dimensions, QuotaLimits */
export function accounting(context: PluginContext, config: AccountingConfig & MeteringConfig, ledger: Ledger): Accounting {
  const { client, clock } = context
  const { timeZone, defaultSize } = config
  const now = () => clock.now()
  const [prices, dimensions, limits] = makeAll(
    () => new Prices(config.rates ?? { currency: 'EUR', svmHour: 0, gbHour: 0, changes: [] }, timeZone),
    madeAt('/categories', () => new Dimensions(config.categories)),
    () => limitsOf(config),
  )
  const currency = config.rates === undefined ? null : prices.currency
  const costs = new EnvironmentCosts(ledger, prices)
  const month = new MonthCosts(ledger, prices, timeZone, now)
  const jobs = new ReportJobs(ledger, prices, dimensions, timeZone, context)
  const watch = new QuotaWatch(limits, ledger, month, context, prices.currency)
  const admission = new Admission(limits, defaultSize, client, new KnownThings(client, defaultSize), month, prices.currency)
  const routes = [
    costRoutes({
      currency,
      costs,
      now,
      template: (ref) => client.templates.get(ref),
      plan: ({ template, labels = {} }) => client.environments.plan({ template, labels }),
      estimate: (plan) => estimate(plan, prices, defaultSize, now()),
    }),
    reportRoutes(jobs),
    quotaRoutes(watch, prices.currency),
  ]
  return {
    hooks: {
      routes: async (app) => {
        for (const each of routes) await app.register(each)
      },
      schedules: limits.isEmpty ? [] : [{ id: 'quotas', cron: '*/5 * * * *', run: ({ signal, print }) => watch.warn(signal, print) }],
      ...(limits.isEmpty ? {} : { admit: (request, { signal }) => admission.admit(request, signal) }),
      section: async ({ id }) => {
        const [cost] = await costs.read([id], now())
        if (cost === undefined) return null
        const hours = `${cost.svmHours.toFixed(1)} SVM-hours, ${cost.gbHours.toFixed(1)} GB-hours`
        if (currency === null) return { title: 'Usage', rows: [{ name: 'so far', value: hours }] }
        const rows = [
          { name: 'so far', value: `${moneyText(cost.cost, currency)} for ${hours}` },
          { name: 'an hour', value: `${moneyText(cost.perHour, currency)} as it is now` },
        ]
        return { title: 'Usage', rows }
      },
      stop: async () => jobs.stop(),
    },
    begin: () => {
      // Why it is not there is told to who asks next.
      if (limits.hasMoney) month.read().catch(() => {})
    },
    money: async () => (config.rates === undefined ? null : month.read()),
    quotas: (signal) => watch.uses(signal),
  }
}

function limitsOf({ quotas, rates }: AccountingConfig): QuotaLimits {
  const limits = new QuotaLimits(quotas)
  if (limits.hasMoney && rates === undefined)
    throw new StandinError('invalid', 'quotas: moneyPerMonth limits nothing without rates', { hint: 'Say what an SVM-hour costs: `rates`' })
  return limits
}
