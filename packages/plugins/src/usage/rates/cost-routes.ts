import type { EnvironmentPlan, Template } from '@standin/client'
import type { PluginHooks } from '@standin/core'
import Type, { type Static } from 'typebox'
import { sightOf } from '../sight.ts'
import type { EnvironmentCosts } from './environment-costs.ts'
import { type Estimate, EstimateRequest } from './estimate.ts'
import { estimateFor } from './estimate-for.ts'

const IdsQuery = Type.Object(
  { ids: Type.String({ pattern: '^[0-9]{1,15}(,[0-9]{1,15}){0,999}$', description: 'configIds, a comma between them, at most 1,000' }) },
  { additionalProperties: false },
)

const seen = { permission: { rule: 'seen' } } as const
const inSight = {
  scope: 'read',
  permission: { rule: 'named', role: 'viewer', note: 'in the project of its labels and in that of its template' },
} as const

interface CostRoutes {
  /** Null: there are no rates. */
  readonly currency: string | null
  readonly costs: EnvironmentCosts
  readonly now: () => number
  template(ref: string): Promise<Template>
  plan(request: EstimateRequest): Promise<EnvironmentPlan>
  estimate(plan: EnvironmentPlan): Estimate
}

/** `GET /environments?ids=1001,1002`: what each that the caller sees has cost so far. `POST /estimate`: what a clone would cost an hour. */
export function costRoutes({ currency, costs, now, template, plan, estimate }: CostRoutes): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.get<{ Querystring: Static<typeof IdsQuery> }>(
      '/environments',
      { schema: { querystring: IdsQuery }, config: seen },
      async (request) => {
        const sight = sightOf(request)
        return { currency, items: await costs.read(request.query.ids.split(',').map(Number), now(), sight) }
      },
    )

    app.post<{ Body: EstimateRequest }>('/estimate', { schema: { body: EstimateRequest }, config: inSight }, async (request) => {
      const sight = sightOf(request)
      return { currency, ...estimate(await plan(await estimateFor(sight, request.body, template))) }
    })
  }
}
