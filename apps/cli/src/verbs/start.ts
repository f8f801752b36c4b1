import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { gatewayArgs, gatewayFlags } from '../gateway-flags.ts'
import { findHome } from '../home.ts'
import { formatFault } from '../messages.ts'
import { platformResolverArgs, platformResolverFlags } from '../resolver-flags.ts'
import type { StartedPlatform } from '../start/supervisor.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

const defaultHttps = '127.0.0.1:8443'

interface Options extends Readonly<Record<string, unknown>> {
  readonly api: string
  readonly http: string
  readonly https: string
  readonly redirect?: boolean
  readonly admin: string
  readonly dns: string
  readonly domain: string
  readonly trash: string
  readonly config?: string
}

export const start: Verb<readonly [], Options> = {
  description:
    'Runs until Ctrl-C: the control plane, the gateway and the resolver, each a process of its own that is started again when\n' +
    'it dies. Environments go on when the platform stops, and are taken up again when it starts.',
  options: [
    { flags: '--api <address>', description: 'where the API listens; port 0: any', parse: parseAddress, default: '127.0.0.1:7077' },
    { flags: '--http <address>', description: 'where the gateway listens', parse: parseAddress, default: '127.0.0.1:8080' },
    {
      flags: '--https <address>',
      description: 'where it listens for TLS; off: nowhere. With port 0 of --http, any',
      parse: parseAddressOrOff,
      default: defaultHttps,
    },
    { flags: '--redirect', description: 'send plain HTTP to where the same is over TLS' },
    {
      flags: '--admin <address>',
      description: 'where the gateway shows its health, metrics and routes',
      parse: parseAddressOrOff,
      default: 'off',
    },
    ...gatewayFlags,
    { flags: '--dns <address>', description: 'where the resolver listens', parse: parseAddress, default: '127.0.0.1:5354' },
    ...platformResolverFlags,
    { flags: '--domain <domain>', description: 'below it are the names of all environments', default: 'test-envs.localhost' },
    { flags: '--trash <duration>', description: 'how long what was deleted can be undeleted', parse: checkDuration, default: '24h' },
    {
      flags: '--config <file>',
      description: 'names the plugins (default: standin.config.yaml in the home, where there is one)',
      parse: (text) => resolve(text),
      completes: 'path',
    },
  ],
  examples: [
    ['standin start', 'the platform at its usual addresses'],
    [
      'standin start --api 127.0.0.1:0 --http 127.0.0.1:0 --dns 127.0.0.1:0 --home /tmp/try --json',
      'a second one, for a script: one line of JSON when it is ready',
    ],
  ],
  async run(context, _, options) {
    const [{ Supervisor }, home] = [await import('../start/supervisor.ts'), findHome(context.flags.home, context.env)]
    const { http, https, redirect = false } = options
    if (redirect && https === 'off') throw new StandinError('invalid', '--redirect needs --https: there is nothing to redirect to.')
    const supervisor = new Supervisor({
      ...options,
      https: https === defaultHttps && http.endsWith(':0') ? http : https,
      redirect,
      gatewayArgs: gatewayArgs(gatewayFlags, options),
      dnsArgs: platformResolverArgs(options),
      home,
      env: context.env,
      onMessage: (text) => context.messages.warn(text),
    })
    const stopped = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }))
    const platform = await Promise.race([supervisor.start(), stopped])
    if (platform) {
      // The platform outlives whoever read where it is.
      for (const stream of [context.stdout, context.stderr]) stream.removeAllListeners('error').on('error', () => {})
      await context.output.one(platform, () =>
        [
          formatPairs([
            ['api', platform.api],
            ['gateway', `${platform.http}  (${patternOf(redirect ? (platform.https ?? platform.http) : platform.http, options.domain)})`],
            ...(platform.https === undefined ? [] : [['', platform.https] as const]),
            ...(platform.admin === undefined ? [] : [['admin', platform.admin] as const]),
            ['resolver', platform.dns],
            ...(platform.dnsAdmin === undefined ? [] : [['', `${platform.dnsAdmin}  (admin)`] as const]),
            ['home', home],
          ]),
          '',
          goOn(context),
        ].join('\n'),
      )
      tellUnused(home, options.config, context)
      await tellFaults(platform, context)
      await stopped
      context.messages.info('Stopping; environments go on.')
    }
    await supervisor.stop()
  },
}

/** `plugin check` takes the file of this folder by itself, `start` does not: it may be started from anywhere. */
function tellUnused(home: string, config: string | undefined, { messages }: Context): void {
  const here = resolve('standin.config.yaml')
  if (config !== undefined || !existsSync(here) || resolve(home) === dirname(here)) return
  messages.warn(`${here} is not used: \`standin start --config standin.config.yaml\` takes it, else only one in ${home} is.`)
}

/** A wrong plugin does not keep the platform from starting; whoever started it is told. */
async function tellFaults({ api, tokenFile }: StartedPlatform, { messages, signal }: Context): Promise<void> {
  const [{ StandinClient }, { readFile }] = await Promise.all([import('@standin/client/connect'), import('node:fs/promises')])
  try {
    const client = new StandinClient({ url: api, token: (await readFile(tokenFile, 'utf8')).trim() })
    const { faults } = await client.plugins.list({ signal })
    for (const fault of faults) messages.warn(formatFault(fault))
  } catch (error) {
    if (!signal.aborted) messages.warn(`the plugins can not be asked for: ${(error as Error).message}`)
  }
}

function goOn({ output, flags }: Context): string {
  const home = flags.home ? ` --home ${flags.home}` : ''
  return output.paint.dim(
    ['Standin runs until Ctrl-C. In another terminal:', `  standin${home} template build examples/shop`, `  standin${home} up shop`].join(
      '\n',
    ),
  )
}

/** How the names of environments look in a browser. */
function patternOf(gateway: string, domain: string): string {
  const { protocol, port } = new URL(gateway)
  return `${protocol}//www-<configId>.${domain}${port === '' ? '' : `:${port}`}/`
}

function parseAddressOrOff(text: string): string {
  return text === 'off' ? text : parseAddress(text)
}

/** Control reads it again; here it is refused before anything is started. */
function checkDuration(text: string): string {
  parseDuration(text)
  return text
}

/** `127.0.0.1:8080`, `[::1]:8080`; a port alone is one of 127.0.0.1. */
function parseAddress(text: string): string {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:\s/]+)?:)?(\d{1,5})$/.exec(text)
  if (!match || Number(match[2]) > 65_535)
    throw new StandinError('invalid', `'${text}' is not an address.`, { hint: 'Write it as 127.0.0.1:8080; port 0 means any.' })
  return `${match[1] ?? '127.0.0.1'}:${match[2]}`
}
