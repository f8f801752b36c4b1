import type { Verb } from '../verb.ts'

export const groupJoin: Verb<readonly [string, string[]]> = {
  arguments: [
    { name: '<group>', description: 'its name or id' },
    { name: '<user...>', description: 'who is in it from now on' },
  ],
  examples: [['standin group join checkout alice bob', 'both of them']],
  async run(context, [ref, users]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const group = await client.groups.update(ref, { addMembers: users }, { signal })
    messages.info(`${group.members} in ${group.displayName}.`)
    if (output.format !== 'table') await output.one(group, () => '')
  },
}
