import type { Scope } from '@standin/client'
import { parseSpan } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import { parseName } from '../name.ts'
import type { Verb } from '../verb.ts'

/** From least to most, as the API has them; a test compares the two. */
export const tokenScopes = ['read', 'wake', 'write', 'admin'] as const satisfies readonly Scope[]

export const tokenCreate: Verb<readonly [string], { scope: Scope; user?: string; expires?: number }> = {
  description: 'Prints the token: it is shown this once and kept only as a hash.',
  arguments: [{ name: '<name>', description: 'who or what it is for' }],
  options: [
    { flags: '--scope <scope>', description: 'what it may do; each includes those before it', choices: tokenScopes, required: true },
    { flags: '--user <user>', description: 'whose it is: their roles count, too (default: nobody’s, and the scope alone counts)' },
    { flags: '--expires <duration>', description: 'until when it is good, e.g. 30d (default: for ever)', parse: parseSpan(1000) },
  ],
  examples: [
    ['standin token create ci --scope write --expires 30d', 'for a pipeline'],
    ['standin token create laptop --scope write --user alice', 'for alice, who may what her roles let her'],
    ['STANDIN_TOKEN=$(standin token create me --scope read)', 'into a variable'],
  ],
  async run(context, [name], { scope, user, expires }) {
    parseName(name)
    const client = await context.connect()
    const created = await client.tokens.create(
      { name, scope, ...(user === undefined ? {} : { user }), ...(expires === undefined ? {} : { expiresInMs: expires }) },
      { signal: context.signal },
    )
    const until = created.expiresAt ? `until ${formatInstant(created.expiresAt)}` : 'until it is revoked'
    const whose = created.user === null ? name : `${name} of ${created.user.userName}`
    context.messages.info(`Token ${created.id} for ${whose}, scope ${scope}, ${until}. It is not shown again:`)
    await context.output.one(created, () => created.token)
  },
}
