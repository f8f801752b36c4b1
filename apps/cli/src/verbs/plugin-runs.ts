import { formatAge } from '../duration.ts'
import { parseCount, type Verb } from '../verb.ts'

interface Options {
  readonly schedule?: string
  readonly tail: number
}

export const pluginRuns: Verb<readonly [string], Options> = {
  description: 'Newest first. `--json` has what each printed, too.',
  arguments: [{ name: '<plugin>', description: 'its id' }],
  options: [
    { flags: '--schedule <id>', description: 'only of this schedule' },
    { flags: '-n, --tail <count>', description: 'the last so many (default: 20)', parse: parseCount(1, 1000) },
  ],
  examples: [
    ['standin plugin runs suspend', 'what the last runs came to'],
    ["standin plugin runs suspend --schedule nightly --json | jq -r '.[0].output'", 'what the last one printed'],
  ],
  async run(context, [plugin], { schedule, tail = 20 }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const { items } = await client.plugins.runs(plugin, { schedule, limit: tail }, { signal })
    if (items.length === 0 && output.format === 'table') {
      messages.info(`${plugin} has not run yet.`)
      return
    }
    const now = Date.now()
    await output.list(items, [
      { title: 'RUN', value: ({ id }) => String(id), align: 'right' },
      { title: 'SCHEDULE', value: (run) => run.schedule },
      { title: 'DUE', value: ({ dueAt }) => `${dueAt.slice(0, 16).replace('T', ' ')}Z` },
      { title: 'STARTED', value: ({ startedAt }) => `${formatAge(now - Date.parse(startedAt))} ago`, align: 'right' },
      { title: 'TOOK', value: ({ durationMs }) => (durationMs === null ? '' : `${durationMs} ms`), align: 'right' },
      { title: 'STATE', value: ({ state, attempt }) => (attempt === 1 ? state : `${state} (attempt ${attempt})`) },
      { title: 'OUTPUT', value: ({ error, output: text }) => (error ?? text.trimEnd().split('\n').at(-1) ?? '').slice(0, 80) },
    ])
  },
}
