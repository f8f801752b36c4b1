import { askPlugin } from '../ask-plugin.ts'
import { oneLine } from '../one-line.ts'
import type { Verb } from '../verb.ts'

/** What the plugin usage answers. */
interface Quotas {
  readonly items: readonly {
    readonly who: string
    readonly what: string
    readonly usedText: string
    readonly limitText: string
    readonly ratio: number
    readonly by: readonly { readonly name: string }[]
  }[]
}

export const usageQuotas: Verb = {
  description: 'The fullest first, with those who use most of each. A quota refuses what would go beyond it, never that something ends.',
  examples: [
    ['standin usage quotas', 'how full they are'],
    ["standin usage quotas --json | jq '.[] | select(.ratio >= 0.8)'", 'those that are nearly used up'],
  ],
  async run(context) {
    const { output, messages } = context
    const { items } = await askPlugin<Quotas>(context, 'usage', '/quotas')
    if (items.length === 0 && output.format === 'table') {
      messages.info('Nobody has a quota.')
      return
    }
    await output.list(items, [
      { title: 'WHO', value: ({ who }) => oneLine(who) },
      { title: 'WHAT', value: ({ what }) => what },
      { title: 'USED', value: ({ usedText }) => usedText, align: 'right' },
      { title: 'OF', value: ({ limitText }) => limitText, align: 'right' },
      { title: 'FULL', value: ({ ratio }) => `${Math.floor(ratio * 100)} %`, align: 'right' },
      { title: 'MOST BY', value: ({ by }) => oneLine(mostBy(by)) },
    ])
  },
}

function mostBy(by: readonly { readonly name: string }[]): string {
  const names = by.slice(0, 3).map(({ name }) => name || '(no project)')
  return names.join(', ')
}
