import type { Alias } from '@standin/client'
import { formatAge } from '../duration.ts'
import { allPages } from '../pages.ts'
import type { Verb } from '../verb.ts'

export const aliasList: Verb<readonly [string | undefined]> = {
  arguments: [{ name: '[env]', description: 'name or configId; default: of all', completes: 'environment' }],
  examples: [
    ['standin alias list', 'which names there are, and where they lead'],
    ['standin alias list alice', 'those of one environment'],
  ],
  async run(context, [environment]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const aliases = await allPages<Alias>((cursor) => client.aliases.list({ limit: 1000, cursor, environment }, { signal }))
    if (aliases.length === 0 && output.format === 'table') {
      messages.info(environment === undefined ? 'There is no alias yet.' : `${environment} has no alias.`)
      return
    }
    const now = Date.now()
    await output.list(aliases, [
      { title: 'HOST', value: ({ host }) => host },
      { title: 'CONFIGID', value: (alias) => String(alias.environment), align: 'right' },
      { title: 'SERVICE', value: ({ service }) => service },
      { title: 'URL', value: ({ url }) => url },
      { title: 'SET', value: ({ updatedAt }) => `${formatAge(now - Date.parse(updatedAt))} ago`, align: 'right' },
      { title: 'BY', value: ({ actor }) => actor },
    ])
  },
}
