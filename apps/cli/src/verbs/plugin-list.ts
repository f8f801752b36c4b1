import { formatFault } from '../messages.ts'
import type { Verb } from '../verb.ts'

export const pluginList: Verb = {
  description: 'In the order in which they start, and how each is. What is wrong with the configuration is told on stderr.',
  examples: [
    ['standin plugin list', 'how the plugins are'],
    ['standin plugin list --json | jq \'.[] | select(.health != "ok")\'', 'those that need somebody'],
  ],
  async run(context) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const { items, file, faults } = await client.plugins.list({ signal })
    for (const fault of faults) messages.warn(formatFault(fault))
    if (items.length === 0 && output.format === 'table') {
      messages.info(file === null ? 'There is no plugin: no standin.config.yaml names one.' : `There is no plugin in ${file}.`)
      return
    }
    await output.list(items, [
      { title: 'PLUGIN', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'HEALTH', value: ({ health }) => health },
      { title: 'BEHIND', value: ({ behind }) => String(behind), align: 'right' },
      { title: 'RESTARTS', value: ({ restarts }) => String(restarts), align: 'right' },
      { title: 'NEXT RUN', value: ({ schedules }) => nextRun(schedules) },
      { title: 'MESSAGE', value: ({ message }) => message ?? '' },
    ])
  },
}

function nextRun(schedules: readonly { id: string; nextAt: string | null }[]): string {
  const next = schedules.filter(({ nextAt }) => nextAt !== null).toSorted((a, b) => String(a.nextAt).localeCompare(String(b.nextAt)))[0]
  return next === undefined ? '' : `${next.nextAt?.slice(0, 16).replace('T', ' ')}Z ${next.id}`
}
