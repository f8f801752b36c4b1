import { StandinError } from '@standin/client/errors'
import { Ending } from '../ending.ts'
import { lookUp } from '../transition.ts'
import { parseCount, type Verb } from '../verb.ts'

interface Options {
  readonly interactive?: boolean
  readonly tty?: boolean
  readonly instance?: number
}

/** The better one of those that are there. */
const shell = ['sh', '-c', 'command -v bash >/dev/null && exec bash || exec sh']

export const exec: Verb<readonly [string, string, string[]], Options> = {
  description:
    'Without a command: a shell. Production names hold there: `db:5432` is the `db` of this environment. The exit code is the\n' +
    "command's own.",
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '<host>', description: 'name of the host', completes: 'host' },
    { name: '[command...]', description: 'after `--`' },
  ],
  options: [
    { flags: '-i, --interactive', description: 'give it standard input' },
    { flags: '-t, --tty', description: 'give it a terminal' },
    { flags: '--instance <n>', description: 'which instance of the host (default: 1)', parse: parseCount(1) },
  ],
  examples: [
    ['standin exec alice web', 'a shell'],
    ['standin exec alice web -- node --version', 'one command'],
    ['standin exec alice db -i -- psql < fix.sql', 'with standard input'],
  ],
  async run(context, [ref, host, command], { interactive, tty, instance }) {
    const { stdin, stdout } = context
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const isShell = command.length === 0
    const terminal = tty ?? (isShell && stdin.isTTY === true && stdout.isTTY === true)
    if (terminal && (stdin.isTTY !== true || stdout.isTTY !== true)) {
      throw new StandinError('invalid', 'There is no terminal here that --tty could hand on.', { hint: 'Leave --tty out.' })
    }
    const url = environment.execUrl({
      host,
      ordinal: instance,
      arg: isShell ? shell : command,
      tty: terminal ? `${stdout.columns || 80}x${stdout.rows || 24}` : undefined,
    } as Parameters<typeof environment.execUrl>[0])
    const { runRemote } = await import('../remote-command.ts')
    const { token } = await context.findConnection()
    const { exitCode, signal } = await runRemote(context, url, token, { terminal, withInput: interactive ?? isShell })
    if (exitCode !== 0) throw new Ending('internal', signal ? `The command was ended by ${signal}.` : '', exitCode)
  },
}
