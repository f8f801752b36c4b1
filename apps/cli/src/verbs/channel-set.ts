import { StandinError } from '@standin/client/errors'
import { dryRunOption, type Verb } from '../verb.ts'

export const channelSet: Verb<readonly [string, string], { dryRun?: boolean }> = {
  description: 'A channel is a movable name for a version: clones of shop:stable are clones of the version that it names at that moment.',
  arguments: [
    { name: '<channel>', description: 'shop:stable', completes: 'template' },
    { name: '<version>', description: '7, shop@7, or another channel of the template: shop:latest', completes: 'template' },
  ],
  options: [dryRunOption],
  examples: [
    ['standin channel set shop:stable 7', 'to a version'],
    ['standin channel set shop:stable shop:latest', 'to what another channel names now'],
  ],
  async run(context, [target, wanted], { dryRun }) {
    const [name = '', channel = '', ...more] = target.split(':')
    if (!name || !channel || more.length > 0 || name.includes('@')) {
      throw new StandinError('invalid', `'${target}' does not name a channel.`, { hint: 'Write template and channel: shop:stable.' })
    }
    const client = await context.connect()
    const ref = /^@?\d+$/.test(wanted) ? `${name}@${wanted.replace('@', '')}` : wanted
    const template = await client.templates.get(ref, { signal: context.signal })
    if (template.name !== name) {
      throw new StandinError('invalid', `${template.ref} is no version of ${name}.`, {
        hint: `\`standin template list ${name}\` shows those there are.`,
      })
    }
    if (dryRun) {
      context.messages.info(`Would make ${target} name ${template.ref}.`)
      return
    }
    const set = await client.channels.set(name, channel, template.version, { signal: context.signal })
    context.messages.info(`${target} is ${set.ref} now.`)
    if (context.output.format !== 'table') await context.output.one(set, () => '')
  },
}
