import { confirm } from '../confirm.ts'
import { type Verb, yesOption } from '../verb.ts'

export const groupDelete: Verb<readonly [string], { yes?: boolean }> = {
  description: 'Its roles go with it; its members stay. Asks first.',
  arguments: [{ name: '<group>', description: 'its name or id' }],
  options: [yesOption],
  examples: [['standin group delete checkout', 'for good']],
  async run(context, [ref], { yes }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const { id, displayName, members } = await client.groups.get(ref, { signal })
    await confirm(context, [`  group ${displayName}, with its roles; ${members} in it`], 'Delete it for good?', yes)
    await client.groups.delete(id, { signal })
    messages.info(`Group ${displayName} is deleted.`)
    if (output.format !== 'table') await output.one({ id, displayName, deleted: true }, () => '')
  },
}
