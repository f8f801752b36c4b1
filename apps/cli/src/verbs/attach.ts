import type { Probe } from '@standin/client'
import { assembleServices, type PolicyFlag, parsePolicyFlag, parseProbe, parseService, type ServiceFlag } from '../attached-service.ts'
import { formatElapsed, parseSpan } from '../duration.ts'
import { formatServices, nameOf } from '../environment-text.ts'
import { parseEnvironmentName } from '../name.ts'
import { defaultTimeoutMs } from '../transition.ts'
import { collectPairs, dryRunOption, noWaitOption, parsePair, timeoutOption, type Verb } from '../verb.ts'

interface Options {
  readonly service: ServiceFlag[]
  readonly policy?: PolicyFlag[]
  readonly probe?: Probe[]
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
      description:
        'a service and the endpoints behind it, www=127.0.0.1:9000*3 for three shares; www/api=… for a path of it; may be repeated',
      parse: parseService,
      repeat: true,
      required: true,
    },
    {
      flags: '--policy <service={…}>',
      description: 'how the gateway treats it, as `policy` in a blueprint; may be repeated',
      parse: parsePolicyFlag,
      repeat: true,
    },
    {
      flags: '--probe <key=value,…>',
      description: 'requests that are no activity, by user-agent, path or network; may be repeated',
      parse: parseProbe,
      repeat: true,
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
    ['standin attach legacy -s www=127.0.0.1:9000 -s www/api=127.0.0.1:9100', 'another program answers /api'],
    ["standin attach legacy -s www=127.0.0.1:9000 --policy 'www={health: {path: /up, interval: 5s}}'", 'with a health check'],
  ],
  async run(context, [name], { service, policy = [], probe, ttl, label, timeout = defaultTimeoutMs, wait, dryRun }) {
    parseEnvironmentName(name)
    const { parsePolicy } = policy.length === 0 ? { parsePolicy: () => ({}) } : await import('@standin/blueprint')
    const services = assembleServices(service, policy, parsePolicy)
    const attachment = {
      name,
      services,
      ...(probe === undefined ? {} : { probes: probe }),
      ...(ttl === undefined ? {} : { ttlMs: ttl }),
      ...(label === undefined ? {} : { labels: collectPairs(label) }),
    }
    if (dryRun) {
      await context.output.one(attachment, () =>
        service
          .map((each) => `Would publish ${each.name}${each.path ?? ''} of ${name}: ${each.endpoints.map(formatEndpoint).join(', ')}.`)
          .join('\n'),
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

function formatEndpoint(endpoint: ServiceFlag['endpoints'][number]): string {
  return typeof endpoint === 'string' ? endpoint : `${endpoint.address}*${endpoint.weight}`
}
