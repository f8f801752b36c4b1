import type { GroupMember } from '@standin/client'
import type { Verb } from '../verb.ts'

export const groupShow: Verb<readonly [string]> = {
  description: 'Who is in it.',
  arguments: [{ name: '<group>', description: 'its name or id' }],
  examples: [['standin group show checkout', 'its members']],
  async run(context, [ref]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const { id, displayName } = await client.groups.get(ref, { signal })
    const members: GroupMember[] = []
    for await (const member of client.groups.members(id, { signal })) members.push(member)
    if (members.length === 0 && output.format === 'table') {
      messages.info(`Nobody is in ${displayName}.`)
      return
    }
    await output.list(members, [
      { title: 'USER', value: ({ userName }) => userName },
      { title: 'NAME', value: ({ displayName: name }) => name },
      { title: 'ACTIVE', value: ({ active }) => (active ? 'yes' : 'no') },
    ])
  },
}
