import { askPlugin } from '../ask-plugin.ts'
import { type ClassSummary, formatPhase } from '../class-question.ts'
import type { Verb } from '../verb.ts'

export const classList: Verb = {
  description: 'Those of the plugin classroom that you may see: its instructors see a class, and so do viewers of its project.',
  examples: [
    ['standin class list', 'which classes there are, and when'],
    ["standin class list --json | jq '.[] | select(.trouble)'", 'those that can not be prepared'],
  ],
  async run(context) {
    const { items } = await askPlugin<{ items: ClassSummary[] }>(context, 'classroom', '/classes')
    if (items.length === 0 && context.output.format === 'table') {
      context.messages.info('There are no classes.')
      return
    }
    await context.output.list(items, [
      { title: 'CLASS', value: ({ name }) => name },
      { title: 'TEMPLATE', value: ({ version, template }) => version ?? template },
      { title: 'PHASE', value: ({ phase }) => phase },
      { title: 'WHEN', value: formatPhase },
      { title: 'SEATS', value: ({ count }) => String(count), align: 'right' },
      { title: 'READY', value: ({ session, ready }) => (session === null ? '' : String(ready)), align: 'right' },
    ])
  },
}
