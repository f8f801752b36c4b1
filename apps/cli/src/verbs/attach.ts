import { StandinError } from '@standin/client/errors'
import { formatElapsed, parseSpan } from '../duration.ts'
import { formatServices, nameOf } from '../environment-text.ts'
import { parseEnvironmentName, parseName } from '../name.ts'
import { defaultTimeoutMs } from '../transition.ts'
import { collectPairs, dryRunOption, noWaitOption, parsePair, timeoutOption, type Verb } from '../verb.ts'

interface AttachedService {
  readonly name: string
  readonly endpoints: string[]
}

interface Options {
  readonly service: AttachedService[]
  readonly ttl?: number
  readonly label?: (readonly [string, string])[]
  readonly timeout?: number
  readonly wait: boolean
  readonly dryRun?: boolean
}

export const attach: Verb<readonly [string], Options> = {
  description:
    'Something that runs elsewhere gets a configId, a URL, names and a pool. Attaching the same name again replaces its endpoints\n' +
    'and renews its time to live.',
  arguments: [{ name: '<name>', description: 'name of the environment' }],
  options: [
    {
      flags: '-s, --service <name=address,…>',
      description: 'a service and the endpoints behind it; may be repeated',
      parse: parseService,
      repeat: true,
      required: true,
    },
    { flags: '--ttl <duration>', description: 'it lapses then, unless it is attached again', parse: parseSpan(1) },
    { flags: '-l, --label <key=value>', description: 'a label; may be repeated', parse: parsePair, repeat: true },
    noWaitOption,
    timeoutOption,
    dryRunOption,
  ],
  examples: [
    ['standin attach legacy --service www=127.0.0.1:9000,127.0.0.1:9001', 'a pool of two'],
    ['standin attach legacy --service www=127.0.0.1:9000 --ttl 1h', 'for an hour, unless renewed'],
  ],
  async run(context, [name], { service, ttl, label, timeout = defaultTimeoutMs, wait, dryRun }) {
    parseEnvironmentName(name)
    const attachment = {
      name,
      services: service,
      ...(ttl === undefined ? {} : { ttlMs: ttl }),
      ...(label === undefined ? {} : { labels: collectPairs(label) }),
    }
    if (dryRun) {
      await context.output.one(attachment, () =>
        service.map((each) => `Would publish ${each.name} of ${name}: ${each.endpoints.join(', ')}.`).join('\n'),
      )
      return
    }
    const startedAt = performance.now()
    const client = await context.connect()
    const environment = await client.environments.attach(attachment, { signal: context.signal })
    if (wait) await environment.waitUntil('running', { signal: context.signal, timeout })
    context.messages.info(`${nameOf(environment)} is ${environment.state}, after ${formatElapsed(performance.now() - startedAt)}.`)
    await context.output.one(environment, () => formatServices(environment))
  },
}

/** `www=127.0.0.1:9000,[::1]:9001` */
function parseService(text: string): AttachedService {
  const at = text.indexOf('=')
  const endpoints = text.slice(at + 1).split(',')
  if (at < 1 || endpoints.some((endpoint) => !/^(\[[0-9a-fA-F:.]+\]|[^:\s/]+):\d{1,5}$/.test(endpoint))) {
    throw new StandinError('invalid', `'${text}' is not a service with its endpoints.`, {
      hint: 'Write it as www=127.0.0.1:9000,127.0.0.1:9001.',
    })
  }
  return { name: parseName(text.slice(0, at)), endpoints }
}
