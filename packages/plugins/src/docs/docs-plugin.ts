import { StandinError } from '@standin/client'
import type { LiveEnvironment } from '@standin/client/connect'
import { definePlugin } from '@standin/core'
import { fileFaults } from './config-faults.ts'
import { DocsConfig } from './docs-config.ts'
import type { PageSection } from './page/environment-page.ts'
import { Publisher } from './publish/publisher.ts'
import { buildWriters } from './writers/build-writers.ts'
import { platformOf } from './writers/platform.ts'

/** Every environment documents itself: a page each, written when something on it changes. */
export const docsPlugin = definePlugin({
  id: 'docs',
  summary: 'Writes a page about each environment, and keeps it true',
  config: DocsConfig,
  scope: 'read',
  setup(context, config) {
    const { metrics } = context
    const pages = metrics.counter('pages_total', { help: 'What was done to pages', labels: ['writer', 'action'] })
    const publisher = new Publisher(context, buildWriters(config, platformOf(context.client)), {
      dryRun: config.dryRun,
      sections: sectionsOf,
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
      check: () => fileFaults(config),
    }
  },
})

/** What other plugins say of it. A page is written without that where nobody can be asked, as of what is gone. */
async function sectionsOf(environment: LiveEnvironment, signal: AbortSignal): Promise<readonly PageSection[]> {
  try {
    return await environment.sections({ signal })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StandinError) return []
    throw error
  }
}
