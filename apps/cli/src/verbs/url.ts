import { StandinError } from '@standin/client/errors'
import { nameOf } from '../environment-text.ts'
import { lookUp } from '../transition.ts'
import type { Verb } from '../verb.ts'

export const url: Verb<readonly [string, string | undefined]> = {
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[service]', description: 'default: www, or the only one' },
  ],
  examples: [
    ['standin url alice', 'of the main service'],
    ['curl "$(standin url alice api)"', 'of another one'],
  ],
  async run(context, [ref, wanted]) {
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const { services } = environment
    const service =
      wanted === undefined
        ? (services.find(({ name }) => name === 'www') ?? (services.length === 1 ? services[0] : undefined))
        : services.find(({ name }) => name === wanted)
    if (!service) {
      const there = services.length === 0 ? 'It publishes none.' : `There are ${services.map(({ name }) => name).join(', ')}.`
      throw new StandinError('route_not_found', `${nameOf(environment)} has no service '${wanted ?? 'www'}'.`, { hint: there })
    }
    await context.output.one({ service: service.name, url: service.url }, () => service.url)
  },
}
