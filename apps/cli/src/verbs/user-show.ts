import type { RoleBinding } from '@standin/client'
import { formatInstant } from '../environment-text.ts'
import { allPages } from '../pages.ts'
import { placeText } from '../role-text.ts'
import type { Verb } from '../verb.ts'

export const userShow: Verb<readonly [string]> = {
  description: 'Who they are, which roles they hold and by which group, and how many environments are theirs.',
  arguments: [{ name: '<user>', description: 'userName or id' }],
  examples: [['standin user show alice', 'all about alice']],
  async run(context, [ref]) {
    const { output, signal } = context
    const client = await context.connect()
    const user = await client.users.get(ref, { signal })
    const [roles, { items, nextCursor }] = await Promise.all([
      allPages<RoleBinding>((cursor) => client.roles.list({ user: user.id, limit: 1000, cursor }, { signal })),
      client.environments.list({ owner: user.userName, limit: 1000 }, { signal }),
    ])
    const owned = items.filter(({ ownerId }) => ownerId === user.id).map(({ id, name }) => ({ id, name }))
    await output.one({ ...user, roles, environments: owned }, () => {
      const rows: (readonly [string, string])[] = [
        ['user', `${user.userName} (${user.id})`],
        ['name', user.displayName],
        ['e-mail', user.email ?? '-'],
        ['active', user.active ? 'yes' : `no, since ${formatInstant(user.deactivatedAt ?? '')}`],
        ['manager', user.manager?.userName ?? '-'],
        ['source', user.externalId === null ? user.source : `${user.source}, as ${user.externalId}`],
        ['groups', user.groups.map(({ displayName }) => displayName).join(', ') || '-'],
        ...roles.map(
          (binding) =>
            ['role', `${binding.role} ${placeText(binding)}${binding.group === null ? '' : `, by ${binding.group.displayName}`}`] as const,
        ),
        ['environments', owned.length === 0 ? '-' : `${owned.length}${nextCursor === null ? '' : ' or more'}`],
      ]
      return rows.map(([title, value]) => `${title.padEnd(14)}${value}`).join('\n')
    })
  },
}
