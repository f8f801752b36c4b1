import type { Verb } from '../verb.ts'

interface Options {
  readonly name?: string
  readonly email?: string
  readonly manager?: string
}

export const userAdd: Verb<readonly [string], Options> = {
  description:
    'A user may nothing before they have a role (`standin role grant`), and is let in with a token of their own\n' +
    '(`standin token create --user`).',
  arguments: [{ name: '<user>', description: 'their userName: unique, whatever the case' }],
  options: [
    { flags: '--name <text>', description: 'what they are called; default: the userName' },
    { flags: '--email <address>', description: 'unique among active users' },
    { flags: '--manager <user>', description: 'who gets their environments when they go' },
  ],
  examples: [['standin user add alice --name "Alice Example" --email alice@example.com', 'somebody new']],
  async run(context, [userName], { name, email, manager }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const user = await client.users.create(
      {
        userName,
        ...(name === undefined ? {} : { displayName: name }),
        ...(email === undefined ? {} : { email }),
        ...(manager === undefined ? {} : { manager }),
      },
      { signal },
    )
    messages.info(`${user.userName} is a user now, without any role.`)
    await output.one(user, () => user.id)
  },
}
