import type { Verb } from '../verb.ts'

export const userActivate: Verb<readonly [string]> = {
  description: 'With the roles and groups that they had. Their tokens are gone: `standin token create --user` makes one.',
  arguments: [{ name: '<user>', description: 'userName or id' }],
  examples: [['standin user activate alice', 'she is back']],
  async run(context, [ref]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const user = await client.users.activate(ref, { signal })
    messages.info(`${user.userName} is active.`)
    await output.one(user, () => user.id)
  },
}
