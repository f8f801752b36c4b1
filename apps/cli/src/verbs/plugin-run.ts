import { join, resolve } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { findHome } from '../home.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly config?: string
  readonly dir?: string
  readonly listen: string
  readonly log?: string
}

export const pluginRun: Verb<readonly [string], Options> = {
  description:
    'Runs until Ctrl-C, in the foreground: one plugin beside a control plane elsewhere (--url, STANDIN_URL), in the name of a token\n' +
    '(--token-file, STANDIN_TOKEN). What it keeps stays in a folder, and it goes on from there. It is the same plugin as inside of\n' +
    'control, but for what control would have to ask it: admission, and the section on the page of an environment.',
  arguments: [{ name: '<plugin>', description: 'one that comes with Standin, a package, a path; or an id in --config' }],
  options: [
    {
      flags: '--config <file>',
      description: 'a standin.config.yaml that has it among its plugins (default: what its configuration begins with)',
      parse: (text) => resolve(text),
      completes: 'path',
    },
    { flags: '--dir <folder>', description: 'where it keeps what it knows (default: plugins/<plugin> in STANDIN_HOME)', completes: 'path' },
    {
      flags: '--listen <address>',
      description: 'for its routes, /v1/plugins and /v1/metrics, with the tokens of the control plane; port 0: any',
      default: '127.0.0.1:0',
    },
    { flags: '--log <file>', description: 'append the log to this file instead of standard error', completes: 'path' },
  ],
  examples: [
    ['standin plugin run suspend --url https://standin.example.com --token-file suspend.token', 'beside a control plane elsewhere'],
    ['standin plugin run suspend --config standin.config.yaml', 'beside the one of this machine, as the file configures it'],
  ],
  async run(context, [plugin], { config, dir, listen, log }) {
    const [{ startInForeground }, { url, token }] = [await import('../start/foreground-process.ts'), await context.findConnection()]
    const folder = resolve(dir ?? join(findHome(context.flags.home, context.env), 'plugins', folderOf(plugin)))
    const process = await startInForeground({
      app: 'plugin',
      args: [
        ...['--plugin', plugin, '--url', url, '--dir', folder, '--listen', listen],
        ...(config === undefined ? [] : ['--config', config]),
      ],
      env: { ...context.env, STANDIN_TOKEN: token },
      logFile: log ?? null,
    })
    const stopped = new Promise<void>((done) => context.signal.addEventListener('abort', () => done(), { once: true }))
    if (context.signal.aborted) return await process.stop()
    // It outlives whoever read where it is.
    for (const stream of [context.stdout, context.stderr]) stream.removeAllListeners('error').on('error', () => {})
    const { notes, ...ready } = process.ready
    for (const note of notes?.split('\n') ?? []) context.messages.warn(note)
    await context.output.one(process.ready, () =>
      [
        formatPairs([
          ['plugin', String(ready.plugin)],
          ['control', String(ready.control)],
          ['acts as', String(ready.actor)],
          ['listens', `${ready.listen}/v1/plugins`],
          ['keeps', String(ready.dir)],
        ]),
        '',
        context.output.paint.dim('The plugin runs until Ctrl-C.'),
      ].join('\n'),
    )
    await Promise.race([stopped, process.ended])
    context.messages.info('Stopping; what is under way may end.')
    await process.stop()
  },
}

/** `./greeter` and `@team/greeter` are kept in `greeter`. */
function folderOf(plugin: string): string {
  const name = /([a-z0-9][a-z0-9-]*)(\/plugin)?(\.[a-z]+)?\/?$/i.exec(plugin)?.[1]
  if (name !== undefined) return name
  throw new StandinError('invalid', `'${plugin}' is no plugin.`, { hint: 'Name one that comes with Standin, a package, or a path.' })
}
