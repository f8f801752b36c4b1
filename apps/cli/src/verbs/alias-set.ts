import { StandinError } from '@standin/client/errors'
import { nameOf } from '../environment-text.ts'
import { parseName } from '../name.ts'
import { lookUp } from '../transition.ts'
import { dryRunOption, type Verb } from '../verb.ts'

interface Options {
  readonly service?: string
  readonly dryRun?: boolean
}

export const aliasSet: Verb<readonly [string, string], Options> = {
  description:
    'The name leads to the environment from then on, wherever it led before; there is no moment without it. One label is put below\n' +
    'the domain; a name outside of the domain needs a token with the scope admin.',
  arguments: [
    { name: '<host>', description: 'demo, or a full name', completes: 'alias' },
    { name: '<env>', description: 'name or configId', completes: 'environment' },
  ],
  options: [
    {
      flags: '-s, --service <service>',
      description: 'which one it leads to; default: www, or the first',
      parse: parseName,
      completes: 'service',
    },
    dryRunOption,
  ],
  examples: [
    ['standin alias set demo 1001', 'http://demo.test-envs.localhost:8080/ is the environment 1001'],
    ['standin alias set demo 1002', 'and now it is 1002'],
    ['standin alias set api.demo.test-envs.localhost 1001 --service api', 'a full name, to a service of its own'],
  ],
  async run(context, [host, ref], { service, dryRun }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const before = await client.aliases.get(host, { signal }).catch((error: unknown) => {
      if (error instanceof StandinError && error.code === 'alias_not_found') return null
      throw error
    })
    const from = before === null || before.environment === environment.id ? '' : `, in place of ${before.environment}`
    if (dryRun) {
      messages.info(`Would let ${before?.host ?? host} lead to ${service ?? 'the main service'} of ${nameOf(environment)}${from}.`)
      return
    }
    const alias = await client.aliases.set(host, { environment: environment.id, ...(service === undefined ? {} : { service }) }, { signal })
    messages.info(`${alias.host} leads to ${alias.service} of ${nameOf(environment)}${from}.`)
    await output.one(alias, () => alias.url)
  },
}
