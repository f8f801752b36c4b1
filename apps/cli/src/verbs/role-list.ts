import type { RoleBinding } from '@standin/client'
import { allPages } from '../pages.ts'
import { holderText } from '../role-text.ts'
import type { Verb } from '../verb.ts'

export const roleList: Verb<readonly [], { project?: string; user?: string }> = {
  options: [
    { flags: '--project <project>', description: 'only those of this project' },
    { flags: '--user <user>', description: 'only those that they hold, by a group, too' },
  ],
  examples: [
    ['standin role list', 'who may what, where'],
    ['standin role list --project checkout', 'who may what in checkout'],
  ],
  async run(context, _, { project, user }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const bindings = await allPages<RoleBinding>((cursor) => client.roles.list({ project, user, limit: 1000, cursor }, { signal }))
    if (bindings.length === 0 && output.format === 'table') {
      messages.info('Nobody has such a role. `standin role grant` gives one.')
      return
    }
    await output.list(bindings, [
      { title: 'PROJECT', value: (binding) => binding.project ?? '(everywhere)' },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'WHO', value: holderText },
      { title: 'BY', value: ({ actor }) => actor },
    ])
  },
}
