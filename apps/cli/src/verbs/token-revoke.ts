import { confirm } from '../confirm.ts'
import { type Verb, yesOption } from '../verb.ts'

export const tokenRevoke: Verb<readonly [string], { yes?: boolean }> = {
  description: 'Asks first: whoever uses it is refused from then on.',
  arguments: [{ name: '<id>', description: 'as `standin token list` shows it' }],
  options: [yesOption],
  examples: [['standin token revoke 7f3a9c', 'by its id']],
  async run(context, [id], { yes }) {
    const client = await context.connect()
    await confirm(context, [`  token ${id}`], 'Revoke it for good?', yes)
    await client.tokens.revoke(id, { signal: context.signal })
    context.messages.info(`Token ${id} is revoked.`)
    if (context.output.format !== 'table') await context.output.one({ id, revoked: true }, () => '')
  },
}
