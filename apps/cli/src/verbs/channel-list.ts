import type { Channel } from '@standin/client'
import { formatAge } from '../duration.ts'
import { requireTemplate } from '../template-presence.ts'
import type { Verb } from '../verb.ts'

export const channelList: Verb<readonly [string | undefined]> = {
  arguments: [{ name: '[template]', description: 'name of the template; default: of all', completes: 'template' }],
  examples: [['standin channel list shop', 'which names there are, and what they mean now']],
  async run(context, [template]) {
    const { signal, output, messages } = context
    const client = await context.connect()
    const names = template === undefined ? await templateNames() : [template]
    const channels: Channel[] = (await Promise.all(names.map((name) => client.channels.list(name, { signal })))).flatMap(
      (page) => page.items,
    )
    if (channels.length === 0 && template !== undefined) await requireTemplate(context, template)
    if (channels.length === 0 && output.format === 'table') {
      messages.info('There is no channel yet.')
      return
    }
    const now = Date.now()
    await output.list(channels, [
      { title: 'CHANNEL', value: (channel) => `${channel.template}:${channel.name}` },
      { title: 'VERSION', value: ({ ref }) => ref },
      { title: 'MOVED', value: ({ updatedAt }) => `${formatAge(now - Date.parse(updatedAt))} ago`, align: 'right' },
    ])

    async function templateNames(): Promise<string[]> {
      const found = new Set<string>()
      let cursor: string | undefined
      do {
        const page = await client.templates.list({ limit: 1000, cursor }, { signal })
        for (const { name } of page.items) found.add(name)
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      return [...found].toSorted()
    }
  },
}
