import type { RoleBinding } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { allPages } from '../pages.ts'
import { holderText, placeText } from '../role-text.ts'
import type { Verb } from '../verb.ts'
import { type PlaceOptions, placeOf, placeOptions } from './role-grant.ts'

export const roleRevoke: Verb<readonly [string], PlaceOptions> = {
  description: 'At once, in what they have open, too. What a group gives them stays: take them out of it, or the role from the group.',
  arguments: [{ name: '<who>', description: 'a user, or with --group a group' }],
  options: placeOptions,
  examples: [['standin role revoke alice --project checkout', 'alice may nothing there any more']],
  async run(context, [who], options) {
    const { messages, output, signal } = context
    const project = placeOf(options)
    const client = await context.connect()
    const holder = options.group === true ? { group: who } : { user: who }
    const place = project === null ? { everywhere: true } : { project }
    const bindings = await allPages<RoleBinding>((cursor) => client.roles.list({ ...holder, ...place, limit: 1000, cursor }, { signal }))
    const own = bindings.find(({ user }) => (user === null) === (options.group === true))
    if (own === undefined) {
      const [through] = bindings
      throw new StandinError('role_not_found', `${who} has no role of their own ${placeText({ project })}.`, {
        ...(through?.group == null ? {} : { hint: `They are ${through.role} there by the group ${through.group.displayName}` }),
      })
    }
    await client.roles.revoke(own.id, { signal })
    messages.info(`${holderText(own)} is no longer ${own.role} ${placeText(own)}.`)
    if (output.format !== 'table') await output.one({ ...own, revoked: true }, () => '')
  },
}
