import { suspendLabels } from '@standin/client/suspend-labels'
import { definePlugin } from '@standin/core'
import { Calendar } from './calendar.ts'
import { instantLabel } from './facts.ts'
import { readPolicy, SuspendConfig } from './policy.ts'
import { sectionOf } from './section.ts'
import { Sweep } from './sweep.ts'

/** Suspends what nobody uses, each evening what runs, and deletes what has grown old; says why, and what would change it. */
export const suspendPlugin = definePlugin({
  id: 'suspend',
  summary: 'Suspends what is idle or left running at night, and deletes what is old, after saying so',
  config: SuspendConfig,
  setup(context, config) {
    const { client, metrics } = context
    const actions = metrics.counter('actions_total', { help: 'What was done to environments', labels: ['action', 'outcome'] })
    const sweep = new Sweep(context, readPolicy(config), new Calendar(), (action, outcome) => actions.inc({ action, outcome }))
    return {
      start: async () => sweep.start(),
      schedules: [
        {
          id: 'minutely',
          cron: '* * * * *',
          run: ({ signal, print }) => sweep.run(signal, print),
        },
      ],
      section: async (environment) =>
        sectionOf(await sweep.explain(environment), instantLabel(environment.labels, suspendLabels.deletesAt), config.dryRun),
      routes: async (app) => {
        app.get<{ Querystring: { limit?: string } }>('/next', async ({ query: { limit } }) => {
          return { dryRun: config.dryRun, items: await sweep.upcoming(Math.min(1000, Math.max(1, Number(limit) || 100))) }
        })

        const seen = { config: { permission: { rule: 'environment', role: 'viewer' } } } as const
        app.get<{ Params: { ref: string } }>('/environments/:ref', seen, async ({ params: { ref } }) => {
          const environment = await client.environments.get(ref)
          return { environment: environment.id, name: environment.name, dryRun: config.dryRun, ...(await sweep.explain(environment)) }
        })
      },
    }
  },
})
