import { StandinError } from '@standin/client'
import { definePlugin, parseDuration } from '@standin/core'
import { EndpointQueue } from './endpoint-queue.ts'
import { EndpointWorker } from './endpoint-worker.ts'
import { EventFilter } from './event-filter.ts'
import { readEndpoints } from './read-endpoints.ts'
import { WebhookConfig } from './webhook-config.ts'

/** Posts events to URLs, signed as Standard Webhooks has it: at least once, in order for each endpoint. */
export const webhookPlugin = definePlugin({
  id: 'webhook',
  summary: 'Posts events to URLs, signed, in order, until they are taken',
  config: WebhookConfig,
  scope: 'read',
  async setup(context, { endpoints, giveUpAfter, timeout }) {
    const { store, log, health, metrics } = context
    const checked = await readEndpoints(endpoints)
    const outcomes = metrics.counter('deliveries_total', { help: 'Attempts and what came of them', labels: ['endpoint', 'outcome'] })
    const filter = new EventFilter(context)
    const tellHealth = () => {
      const failing = served.filter(({ worker }) => worker.trouble !== null)
      if (failing.length === 0) health.ok()
      else health.degraded(failing.map(({ config, worker }) => `${config.name}: ${worker.trouble}`).join('; '))
    }
    const served = checked.map(({ config, key }) => {
      const queue = new EndpointQueue(store, config.name)
      const worker = new EndpointWorker({
        ...{ name: config.name, url: config.url, key, queue, context },
        giveUpMs: parseDuration(giveUpAfter),
        timeoutMs: parseDuration(timeout),
        onDone: (outcome) => outcomes.inc({ endpoint: config.name, outcome }),
        onTrouble: tellHealth,
      })
      return { config, queue, worker }
    })
    const ending = new AbortController()
    let running: Promise<unknown> = Promise.resolve()
    return {
      start: async (signal) => {
        running = Promise.all(served.map(({ worker }) => worker.run(AbortSignal.any([signal, ending.signal]))))
      },
      drain: async () => {
        ending.abort(new StandinError('interrupted', 'the plugin is being stopped'))
        await running
      },
      onEvent: async (event, { signal }) => {
        const wanting = await filter.endpointsOf(event, endpoints, signal)
        for (const { config, queue, worker } of served) {
          if (!wanting.includes(config)) continue
          await queue.put(event)
          worker.wake()
        }
      },
      onEventsLost: async ({ from, to }) => log.error({ from, to }, `events ${from} to ${to} were pruned before they could be posted`),
      routes: async (app) => {
        app.get('/endpoints', async () => {
          const items = await Promise.all(
            served.map(async ({ config, queue, worker }) => ({
              name: config.name,
              // Paths of such URLs are often secrets.
              origin: new URL(config.url).origin,
              waiting: await queue.size(),
              trouble: worker.trouble,
              deliveredAt: worker.deliveredAt === null ? null : new Date(worker.deliveredAt).toISOString(),
              givenUp: await queue.givenUp(),
            })),
          )
          return { items }
        })
      },
    }
  },
})
