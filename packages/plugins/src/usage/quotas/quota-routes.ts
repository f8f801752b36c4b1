import type { PluginHooks } from '@standin/core'
import { sightOf } from '../sight.ts'
import { amountText } from './quota-text.ts'
import type { QuotaWatch } from './quota-watch.ts'

const patienceMs = 30_000

/** `GET /quotas`: how full each is that the caller sees, the fullest first, and who has how much of it. */
export function quotaRoutes(watch: QuotaWatch, currency: string): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.get('/quotas', { config: { permission: { rule: 'seen' } } }, async (request) => {
      const uses = await watch.uses(AbortSignal.timeout(patienceMs), sightOf(request))
      const items = uses.map(({ holder, measure, who, what, used, limit, ratio, by }) => ({
        ...{ who, [holder.kind]: holder.name, what, measure, used, limit, ratio, by: by.slice(0, 10) },
        ...{ usedText: amountText(measure, used, currency), limitText: amountText(measure, limit, currency) },
      }))
      return { currency, items }
    })
  }
}
