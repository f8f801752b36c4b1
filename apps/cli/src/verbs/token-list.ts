import type { Token } from '@standin/client'
import { formatAge } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import type { Verb } from '../verb.ts'

export const tokenList: Verb = {
  description: 'Without their secrets, which nobody has but those they were given to.',
  examples: [['standin token list', 'all']],
  async run(context) {
    const client = await context.connect()
    const tokens: Token[] = []
    let cursor: string | undefined
    do {
      const page = await client.tokens.list({ limit: 1000, cursor }, { signal: context.signal })
      tokens.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    const now = Date.now()
    await context.output.list(tokens, [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'USER', value: ({ user }) => user?.userName ?? '' },
      { title: 'SCOPE', value: ({ scope }) => scope },
      { title: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
      {
        title: 'USED',
        value: ({ lastUsedAt }) => (lastUsedAt ? `${formatAge(now - Date.parse(lastUsedAt))} ago` : 'never'),
        align: 'right',
      },
      { title: 'EXPIRES', value: ({ expiresAt }) => (expiresAt ? formatInstant(expiresAt) : 'never') },
    ])
  },
}
