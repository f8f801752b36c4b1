import type { Verb } from '../verb.ts'

export const groupLeave: Verb<readonly [string, string[]]> = {
  description: 'What they were let do by the group ends with it, at once.',
  arguments: [
    { name: '<group>', description: 'its name or id' },
    { name: '<user...>', description: 'who is in it no more' },
  ],
  examples: [['standin group leave checkout bob', 'bob goes elsewhere']],
  async run(context, [ref, users]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const group = await client.groups.update(ref, { removeMembers: users }, { signal })
    messages.info(`${group.members} in ${group.displayName}.`)
    if (output.format !== 'table') await output.one(group, () => '')
  },
}
