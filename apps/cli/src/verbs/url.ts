import type { Environment } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { nameOf } from '../environment-text.ts'
import { lookUp } from '../transition.ts'
import type { Verb } from '../verb.ts'

export const url: Verb<readonly [string, string | undefined], { alias?: boolean }> = {
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[service]', description: 'default: www, or the only one', completes: 'service' },
  ],
  options: [{ flags: '--alias', description: 'by the alias that leads to it' }],
  examples: [
    ['standin url alice', 'of the main service'],
    ['curl "$(standin url alice api)"', 'of another one'],
    ['standin url alice --alias', 'by the name that was given to it'],
  ],
  async run(context, [ref, wanted], { alias }) {
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
    if (alias) {
      await printAlias(context, environment, service.name)
      return
    }
    await context.output.one({ service: service.name, url: service.url }, () => service.url)
  },
}

async function printAlias(context: Context, environment: Environment, service: string): Promise<void> {
  const client = await context.connect()
  const { items } = await client.aliases.list({ environment: String(environment.id), limit: 1000 }, { signal: context.signal })
  const alias = items.find((each) => each.service === service)
  if (!alias) {
    throw new StandinError('alias_not_found', `No alias leads to ${service} of ${nameOf(environment)}.`, {
      hint: `\`standin alias set NAME ${environment.id}\` gives it one.`,
    })
  }
  await context.output.one({ service, host: alias.host, url: alias.url }, () => alias.url)
}
