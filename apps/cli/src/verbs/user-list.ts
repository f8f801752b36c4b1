import type { User } from '@standin/client'
import { allPages } from '../pages.ts'
import type { Verb } from '../verb.ts'

export const userList: Verb<readonly [], { group?: string; inactive?: boolean }> = {
  description: 'Those that you see: managers see everybody, others themselves.',
  options: [
    { flags: '--group <group>', description: 'only members of this group' },
    { flags: '--inactive', description: 'only those who were deactivated' },
  ],
  examples: [
    ['standin user list', 'everybody'],
    ['standin user list --group checkout', 'who is in a group'],
  ],
  async run(context, _, { group, inactive }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const query = { limit: 1000, group, ...(inactive === true ? { active: false } : {}) }
    const users = await allPages<User>((cursor) => client.users.list({ ...query, cursor }, { signal }))
    if (users.length === 0 && output.format === 'table') {
      messages.info('There is no such user. `standin user add NAME` makes one.')
      return
    }
    await output.list(users, [
      { title: 'USER', value: ({ userName }) => userName },
      { title: 'NAME', value: ({ displayName }) => displayName },
      { title: 'E-MAIL', value: ({ email }) => email ?? '' },
      { title: 'ACTIVE', value: ({ active }) => (active ? 'yes' : 'no') },
      { title: 'MANAGER', value: ({ manager }) => manager?.userName ?? '' },
      { title: 'GROUPS', value: ({ groups }) => groups.map(({ displayName }) => displayName).join(', ') },
      { title: 'SOURCE', value: ({ source }) => source },
    ])
  },
}
