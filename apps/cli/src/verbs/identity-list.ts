import { askPlugin } from '../ask-plugin.ts'
import type { IdentitySource } from '../identity-question.ts'
import type { Verb } from '../verb.ts'

export const identityList: Verb = {
  description: 'Those that the plugin identity asks, and what they give out as CSV. Directories that push by SCIM are not among them.',
  examples: [['standin identity list', 'which there are']],
  async run(context) {
    const { items } = await askPlugin<{ items: IdentitySource[] }>(context, 'identity', '/sources')
    if (items.length === 0 && context.output.format === 'table') {
      context.messages.info('There are no sources. docs/guide/identity.md says how to configure one.')
      return
    }
    await context.output.list(items, [
      { title: 'SOURCE', value: ({ id }) => id },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'SCHEDULE', value: ({ schedule, timeZone }) => `${schedule} ${timeZone}` },
      { title: 'DOES', value: ({ dryRun }) => (dryRun ? 'nothing (dryRun)' : 'what its plan says') },
      { title: 'GIVES OUT', value: (source) => source.export.join(', ') },
    ])
  },
}
