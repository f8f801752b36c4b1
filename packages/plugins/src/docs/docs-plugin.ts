import { definePlugin } from '@standin/core'
import { DocsConfig } from './docs-config.ts'
import { Publisher } from './publish/publisher.ts'
import { buildWriters } from './writers/build-writers.ts'

/** Every environment documents itself: a page each, written when something on it changes. */
export const docsPlugin = definePlugin({
  id: 'docs',
  summary: 'Writes a page about each environment, and keeps it true',
  config: DocsConfig,
  scope: 'read',
  setup(context, config) {
    const { metrics } = context
    const pages = metrics.counter('pages_total', { help: 'What was done to pages', labels: ['writer', 'action'] })
    const publisher = new Publisher(context, buildWriters(config), {
      dryRun: config.dryRun,
      sections: async () => [],
      onDone: (writer, action) => pages.inc({ writer, action }),
    })
    const [hour, minute] = config.refreshAt.split(':')
    return {
      schedules: [
        { id: 'minutely', cron: '* * * * *', onMissed: 'skip', run: ({ signal, print }) => publisher.round(signal, print) },
        {
          id: 'refresh',
          cron: `${Number(minute)} ${Number(hour)} * * *`,
          timeZone: config.timeZone,
          timeoutMs: 3_600_000,
          run: ({ signal, print }) => publisher.refresh(signal, print),
        },
      ],
      onEvent: async ({ environment, type }) => {
        if (environment !== null) publisher.touch(environment)
        else if (type.startsWith('alias.')) publisher.touchAll()
      },
      onEventsLost: async () => publisher.touchAll(),
    }
  },
})
