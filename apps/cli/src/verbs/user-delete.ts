import { confirm } from '../confirm.ts'
import { type Verb, yesOption } from '../verb.ts'

export const userDelete: Verb<readonly [string], { heir?: string; yes?: boolean }> = {
  description: 'Deactivates first, as `standin user deactivate` does; what nobody gets stays, marked. Asks before it forgets anybody.',
  arguments: [{ name: '<user>', description: 'userName or id' }],
  options: [{ flags: '--heir <user>', description: 'who gets their environments; default: their manager' }, yesOption],
  examples: [['standin user delete alice --heir bob', 'for good']],
  async run(context, [ref], { heir, yes }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const { id, userName } = await client.users.get(ref, { signal })
    await confirm(context, [`  user ${userName}, with roles, memberships and tokens`], 'Delete for good?', yes)
    await client.users.delete(id, { heir, signal })
    messages.info(`${userName} is deleted.`)
    if (output.format !== 'table') await output.one({ id, userName, deleted: true }, () => '')
  },
}
