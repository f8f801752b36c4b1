import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { findHome } from '../home.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly api: string
  readonly http: string
  readonly dns: string
  readonly domain: string
  readonly trash: string
}

export const start: Verb<readonly [], Options> = {
  description:
    'Runs until Ctrl-C: the control plane, the gateway and the resolver, each a process of its own that is started again when\n' +
    'it dies. Environments go on when the platform stops, and are taken up again when it starts.',
  options: [
    { flags: '--api <address>', description: 'where the API listens; port 0: any', parse: parseAddress, default: '127.0.0.1:7077' },
    { flags: '--http <address>', description: 'where the gateway listens', parse: parseAddress, default: '127.0.0.1:8080' },
    { flags: '--dns <address>', description: 'where the resolver listens', parse: parseAddress, default: '127.0.0.1:5354' },
    { flags: '--domain <domain>', description: 'below it are the names of all environments', default: 'test-envs.localhost' },
    { flags: '--trash <duration>', description: 'how long what was deleted can be undeleted', parse: checkDuration, default: '24h' },
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
    const supervisor = new Supervisor({ ...options, home, env: context.env, onMessage: (text) => context.messages.warn(text) })
    const stopped = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }))
    const platform = await Promise.race([supervisor.start(), stopped])
    if (platform) {
      // The platform outlives whoever read where it is.
      for (const stream of [context.stdout, context.stderr]) stream.removeAllListeners('error').on('error', () => {})
      await context.output.one(platform, () =>
        [
          formatPairs([
            ['api', platform.api],
            ['gateway', `${platform.http}  (http://www-<configId>.${options.domain}:${new URL(platform.http).port}/)`],
            ['resolver', platform.dns],
            ['home', home],
          ]),
          '',
          goOn(context),
        ].join('\n'),
      )
      await stopped
      context.messages.info('Stopping; environments go on.')
    }
    await supervisor.stop()
  },
}

function goOn({ output, flags }: Context): string {
  const home = flags.home ? ` --home ${flags.home}` : ''
  return output.paint.dim(
    ['Standin runs until Ctrl-C. In another terminal:', `  standin${home} template build examples/shop`, `  standin${home} up shop`].join(
      '\n',
    ),
  )
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
