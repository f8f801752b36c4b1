import type { EnvironmentPlan } from '@standin/client'
import type { PluginHooks } from '@standin/core'
import Type, { type Static } from 'typebox'
import type { EnvironmentCosts } from './environment-costs.ts'
import { type Estimate, EstimateRequest } from './estimate.ts'

const IdsQuery = Type.Object(
  { ids: Type.String({ pattern: '^[0-9]{1,15}(,[0-9]{1,15}){0,999}$', description: 'configIds, a comma between them, at most 1,000' }) },
  { additionalProperties: false },
)

interface CostRoutes {
  /** Null: there are no rates. */
  readonly currency: string | null
  readonly costs: EnvironmentCosts
  readonly now: () => number
  plan(request: EstimateRequest): Promise<EnvironmentPlan>
  estimate(plan: EnvironmentPlan): Estimate
}

/** `GET /environments?ids=1001,1002`: what each has cost so far. `POST /estimate`: what a clone would cost an hour. */
export function costRoutes({ currency, costs, now, plan, estimate }: CostRoutes): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.get<{ Querystring: Static<typeof IdsQuery> }>('/environments', { schema: { querystring: IdsQuery } }, async ({ query }) => {
      return { currency, items: await costs.read(query.ids.split(',').map(Number), now()) }
    })

    app.post<{ Body: EstimateRequest }>('/estimate', { schema: { body: EstimateRequest }, config: { scope: 'read' } }, async ({ body }) => {
      return { currency, ...estimate(await plan(body)) }
    })
  }
}
