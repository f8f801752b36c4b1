import type { Template } from '@standin/client'
import { formatAge, formatSize } from '../duration.ts'
import { requireTemplate } from '../template-presence.ts'
import type { Verb } from '../verb.ts'

export const templateList: Verb<readonly [string | undefined]> = {
  arguments: [{ name: '[name]', description: 'only the versions of this template', completes: 'template' }],
  examples: [
    ['standin template list', 'all versions, newest first'],
    ['standin template list shop', 'the versions of one'],
  ],
  async run(context, [name]) {
    const client = await context.connect()
    const templates: Template[] = []
    let cursor: string | undefined
    do {
      const page = await client.templates.list({ name, limit: 1000, cursor }, { signal: context.signal })
      templates.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    if (templates.length === 0 && name !== undefined) await requireTemplate(context, name)
    if (templates.length === 0 && context.output.format === 'table') {
      context.messages.info('There is no template yet: `standin template build DIR` bakes one.')
      return
    }
    const now = Date.now()
    await context.output.list(templates, [
      { title: 'TEMPLATE', value: ({ ref }) => ref },
      { title: 'CHANNELS', value: ({ channels }) => channels.join(', ') || '-' },
      { title: 'HOSTS', value: ({ stack }) => stack.hosts.map((host) => host.name).join(', ') },
      { title: 'SIZE', value: ({ sizeBytes }) => formatSize(sizeBytes), align: 'right' },
      {
        title: 'CHECKS',
        value: ({ provenance: { checks } }) => (checks.length === 0 ? '-' : `${checks.filter(({ ok }) => ok).length}/${checks.length}`),
        align: 'right',
      },
      { title: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
      { title: 'BY', value: ({ provenance }) => provenance.actor },
    ])
  },
}
