import type { Verb } from '../verb.ts'

export const groupAdd: Verb<readonly [string], { member?: readonly string[] }> = {
  description: 'Roles that are given to a group are those of its members. Groups do not nest.',
  arguments: [{ name: '<group>', description: 'its name: unique, whatever the case' }],
  options: [{ flags: '--member <user>', description: 'who is in it', repeat: true }],
  examples: [['standin group add checkout --member alice --member bob', 'two of them']],
  async run(context, [displayName], { member = [] }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const group = await client.groups.create({ displayName, members: [...member] }, { signal })
    messages.info(`${group.displayName} is a group now; ${group.members} in it.`)
    await output.one(group, () => group.id)
  },
}
