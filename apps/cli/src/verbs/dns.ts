import { StandinError } from '@standin/client/errors'
import { gatewayArgs } from '../gateway-flags.ts'
import { findHome } from '../home.ts'
import { resolverFlags } from '../resolver-flags.ts'
import { formatPairs } from '../table.ts'
import type { OptionSpec, Verb } from '../verb.ts'

type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Handed to the resolver as they are: it checks them all, and says everything that is wrong at once. */
const handedOn: readonly OptionSpec[] = [
  { flags: '--conf-file <file>', description: "dnsmasq's configuration file; read again on SIGHUP", completes: 'path' },
  { flags: '--listen <address>', description: 'where it listens, UDP and TCP; port 0: any', default: '127.0.0.1:5354' },
  { flags: '--admin <address>', description: 'where health, metrics and what it serves can be read', default: 'off' },
  { flags: '--admin-token-file <file>', description: 'who reads them has to show what this file holds', completes: 'path' },
  ...resolverFlags,
]

export const dns: Verb<readonly [], Options> = {
  description:
    "Runs until Ctrl-C, in the foreground: a resolver for the names of a dnsmasq configuration, which asks that file's servers for\n" +
    'all others. It needs no platform. SIGHUP reads the file again. Its log goes to standard error, or to a file.',
  options: [...handedOn, { flags: '--log <file>', description: 'append the log to this file instead', completes: 'path' }],
  examples: [
    ['standin dns --conf-file dnsmasq.conf', 'at 127.0.0.1:5354'],
    ['standin dns --conf-file dnsmasq.conf --listen 0.0.0.0:53 --allow 192.0.2.0/24 --workers 4', 'for a whole network'],
    ['standin dns --conf-file dnsmasq.conf --listen 127.0.0.1:0 --json', 'for a script: one line of JSON when it is ready'],
  ],
  async run(context, _, options) {
    if (options.confFile === undefined) {
      throw new StandinError('invalid', 'The resolver has no names: --conf-file is missing.', {
        hint: "Name dnsmasq's file with --conf-file FILE. For the names of environments, `standin start` runs a resolver of its own.",
      })
    }
    const { startInForeground } = await import('../start/foreground-process.ts')
    const args = ['--home', findHome(context.flags.home, context.env), ...gatewayArgs(handedOn, options)]
    const log = typeof options.log === 'string' ? options.log : null
    const resolver = await startInForeground({ app: 'dns', args, env: context.env, logFile: log })
    const stopped = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }))
    if (context.signal.aborted) return await resolver.stop()
    // A hang-up is no end here: as with dnsmasq, the file is read again.
    process.removeAllListeners('SIGHUP').on('SIGHUP', () => resolver.reload())
    // It outlives whoever read where it is.
    for (const stream of [context.stdout, context.stderr]) stream.removeAllListeners('error').on('error', () => {})
    await context.output.one(resolver.ready, () =>
      [
        formatPairs([...Object.entries(resolver.ready), ['file', String(options.confFile)]]),
        '',
        context.output.paint.dim('The resolver runs until Ctrl-C. SIGHUP reads the file again.'),
      ].join('\n'),
    )
    await Promise.race([stopped, resolver.ended])
    context.messages.info('Stopping.')
    await resolver.stop()
  },
}
