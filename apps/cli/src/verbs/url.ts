import type { Environment } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { nameOf } from '../environment-text.ts'
import { lookUp } from '../transition.ts'
import type { Verb } from '../verb.ts'

export const url: Verb<readonly [string, string | undefined], { alias?: boolean; https?: boolean }> = {
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[service]', description: 'default: www, or the only one', completes: 'service' },
  ],
  options: [
    { flags: '--alias', description: 'by the alias that leads to it' },
    { flags: '--https', description: 'over TLS' },
  ],
  examples: [
    ['standin url alice', 'of the main service'],
    ['curl "$(standin url alice api)"', 'of another one'],
    ['standin url alice --alias', 'by the name that was given to it'],
    ['standin url alice --https', 'over TLS; `standin trust` has browsers believe it'],
  ],
  async run(context, [ref, wanted], { alias, https }) {
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
      await printAlias(context, environment, service.name, https === true)
      return
    }
    const address = https ? await overTls(context, service.url) : service.url
    await context.output.one({ service: service.name, url: address }, () => address)
  },
}

/** The same on the gateway's other port. */
async function overTls(context: Context, address: string): Promise<string> {
  const client = await context.connect()
  const { gateway } = await client.discover({ signal: context.signal })
  if (gateway.httpsPort === null) {
    throw new StandinError('unsupported', 'The gateway of this platform serves no TLS.', { hint: 'Start it with --https ADDRESS.' })
  }
  const secure = new URL(address)
  secure.protocol = 'https:'
  secure.port = String(gateway.httpsPort)
  return secure.href
}

async function printAlias(context: Context, environment: Environment, service: string, https: boolean): Promise<void> {
  const client = await context.connect()
  const { items } = await client.aliases.list({ environment: String(environment.id), limit: 1000 }, { signal: context.signal })
  const alias = items.find((each) => each.service === service)
  if (!alias) {
    throw new StandinError('alias_not_found', `No alias leads to ${service} of ${nameOf(environment)}.`, {
      hint: `\`standin alias set NAME ${environment.id}\` gives it one.`,
    })
  }
  const address = https ? await overTls(context, alias.url) : alias.url
  await context.output.one({ service, host: alias.host, url: address }, () => address)
}
