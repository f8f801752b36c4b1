import { gatewayArgs, gatewayFlags } from '../gateway-flags.ts'
import { findHome } from '../home.ts'
import { formatPairs } from '../table.ts'
import type { OptionSpec, Verb } from '../verb.ts'

type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Handed to the gateway as they are: it checks them all, and says everything that is wrong at once. */
const handedOn: readonly OptionSpec[] = [
  { flags: '--routes <file>', description: 'the routes, YAML or JSON; followed as the file changes', required: true, completes: 'path' },
  { flags: '--http <address>', description: 'where it listens; off: only TLS; port 0: any', default: '127.0.0.1:8080' },
  { flags: '--https <address>', description: 'where it listens for TLS' },
  { flags: '--admin <address>', description: 'where health, metrics and the table can be read' },
  { flags: '--admin-token-file <file>', description: 'who reads them has to show what this file holds', completes: 'path' },
  { flags: '--tls-cert <file>', description: 'certificate, PEM; without it one is minted', completes: 'path' },
  { flags: '--tls-key <file>', description: 'its key, PEM', completes: 'path' },
  { flags: '--redirect', description: 'answer plain HTTP with where the same is over TLS' },
  {
    flags: '--take-over',
    description: 'share the ports of an older gateway that still runs; end that one afterwards, and no request is lost',
  },
  { flags: '--drain <duration>', description: 'how long what is under way may go on at the end', default: '10s' },
  ...gatewayFlags,
]

export const gateway: Verb<readonly [], Options> = {
  description:
    'Runs until Ctrl-C, in the foreground: a reverse proxy for the hosts that a file names. It needs no platform, and wakes nothing.\n' +
    'Its log, a JSON line for each request, goes to standard error, or to a file. A routes file to begin with is examples/routes.yaml;\n' +
    'docs/guide/gateway-alone.md has all its keys.',
  options: [...handedOn, { flags: '--log <file>', description: 'append the log to this file instead', completes: 'path' }],
  examples: [
    ['standin gateway --routes routes.yaml', 'at 127.0.0.1:8080'],
    ['standin gateway --routes routes.yaml --https 127.0.0.1:8443 --redirect', 'over TLS, with certificates that it mints'],
    ['standin gateway --routes routes.yaml --http 127.0.0.1:0 --log access.log --json', 'for a script: one line of JSON when it is ready'],
  ],
  async run(context, _, options) {
    const { startInForeground } = await import('../start/foreground-process.ts')
    const home = findHome(context.flags.home, context.env)
    const args = ['--home', home, ...gatewayArgs(handedOn, options)]
    const process = await startInForeground({
      app: 'gateway',
      args,
      env: context.env,
      logFile: typeof options.log === 'string' ? options.log : null,
    })
    const stopped = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }))
    if (context.signal.aborted) return await process.stop()
    // It outlives whoever read where it is.
    for (const stream of [context.stdout, context.stderr]) stream.removeAllListeners('error').on('error', () => {})
    await context.output.one(process.ready, () =>
      [
        formatPairs([...Object.entries(process.ready), ['routes', String(options.routes)]]),
        '',
        context.output.paint.dim('The gateway runs until Ctrl-C, and follows the file.'),
      ].join('\n'),
    )
    await Promise.race([stopped, process.ended])
    context.messages.info('Stopping; what is under way may end.')
    await process.stop()
  },
}
