import type { PluginHooks } from '@standin/core'
import { amountText } from './quota-text.ts'
import type { QuotaWatch } from './quota-watch.ts'

const patienceMs = 30_000

/** `GET /quotas`: how full each is, the fullest first, and who has how much of it. */
export function quotaRoutes(watch: QuotaWatch, currency: string): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.get('/quotas', async () => {
      const uses = await watch.uses(AbortSignal.timeout(patienceMs))
      const items = uses.map(({ holder, measure, who, what, used, limit, ratio, by }) => ({
        ...{ who, [holder.kind]: holder.name, what, measure, used, limit, ratio, by: by.slice(0, 10) },
        ...{ usedText: amountText(measure, used, currency), limitText: amountText(measure, limit, currency) },
      }))
      return { currency, items }
    })
  }
}
