import type { Group } from '@standin/client'
import { allPages } from '../pages.ts'
import type { Verb } from '../verb.ts'

export const groupList: Verb = {
  description: 'Those that you see: managers see all, others those that they are in.',
  examples: [['standin group list', 'all']],
  async run(context) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const groups = await allPages<Group>((cursor) => client.groups.list({ limit: 1000, cursor }, { signal }))
    if (groups.length === 0 && output.format === 'table') {
      messages.info('There is no group. `standin group add NAME` makes one.')
      return
    }
    await output.list(groups, [
      { title: 'GROUP', value: ({ displayName }) => displayName },
      { title: 'MEMBERS', value: ({ members }) => String(members), align: 'right' },
      { title: 'SOURCE', value: ({ source }) => source },
    ])
  },
}
