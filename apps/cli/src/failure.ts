import type { Writable } from 'node:stream'
import { StandinError } from '@standin/client/errors'
import { CommanderError } from 'commander'
import { catalog } from './catalog.ts'
import type { Surroundings } from './context.ts'
import { Ending } from './ending.ts'
import { exitCodes } from './exit-codes.ts'
import { Messages } from './messages.ts'

/** Show what went wrong, if anything did, let all output out, and end the process with the code of the table. */
export async function endWith(error: unknown, argv: readonly string[], surroundings: Surroundings): Promise<never> {
  const code = error === undefined ? exitCodes.ok : report(error, argv, surroundings)
  await Promise.all([flush(surroundings.stdout), flush(surroundings.stderr)])
  process.exit(code)
}

/** Returns the exit code. */
export function report(error: unknown, argv: readonly string[], { stderr, env, signal }: Surroundings): number {
  const messages = new Messages(stderr, env, false)
  const cause = rootCause(error, signal)
  if (cause instanceof Ending) {
    // Who stops something himself needs no word like error for it.
    const isWanted = cause.kind === 'interrupted' || cause.kind === 'terminated'
    if (cause.message !== '' && isWanted) messages.info(cause.message)
    else if (cause.message !== '') messages.error(cause.message)
    return cause.exitCode ?? exitCodes[cause.kind]
  }
  if (cause instanceof CommanderError && (cause.exitCode === 0 || cause.code === 'commander.help'))
    return cause.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const fault = toStandinError(cause, argv)
  if (wantsJson(argv)) stderr.write(`${JSON.stringify({ error: fault.toProblem() })}\n`)
  else messages.fault(fault)
  if (env.STANDIN_DEBUG && cause instanceof Error)
    stderr.write(`${cause.stack}\n${cause.cause instanceof Error ? cause.cause.stack : ''}\n`)
  return exitCodes[fault.kind]
}

function toStandinError(error: unknown, argv: readonly string[]): StandinError {
  if (error instanceof StandinError) return error
  if (error instanceof CommanderError) {
    const verb = verbOf(argv)
    const dashes =
      error.code === 'commander.unknownOption' && verb[0] === 'exec' ? ' A command with options of its own stands after `--`.' : ''
    return new StandinError('invalid', sentence(error.message.replace(/^error: /, '').replace(/^unknown command/, 'unknown verb')), {
      hint: `\`${['standin', ...verb, '--help'].join(' ')}\` explains.${dashes}`,
    })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new StandinError('internal', `Something that should not happen: ${message}`, {
    hint: 'Run it again with STANDIN_DEBUG=1 and report what it says.',
    cause: error,
  })
}

/** The words that lead to a verb, as far as there is one: `token create`, `template`. */
function verbOf(argv: readonly string[]): string[] {
  const words = argv.filter((word) => /^[a-z]+$/.test(word))
  const [first = '', second] = words
  if (catalog.some(({ name }) => name === `${first} ${second}`)) return words.slice(0, 2)
  return catalog.some(({ name }) => name.split(' ')[0] === first) ? [first] : []
}

/** What was aborted is told by why it was: Ctrl-C or the timeout. */
function rootCause(error: unknown, signal: AbortSignal): unknown {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof Ending) return at
  if (signal.aborted && !(error instanceof StandinError)) return signal.reason
  return error
}

function sentence(text: string): string {
  const first = text.split('\n').join(' ')
  return /[.?)!]$/.test(first) ? first : `${first}.`
}

/** Read before the options are parsed: parsing may be what failed. */
function wantsJson(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return (
    own.includes('--json') ||
    own.some((word, index) => /^(-o=?|--output=)json$/.test(word) || (word === 'json' && /^(-o|--output)$/.test(own[index - 1] ?? '')))
  )
}

function flush(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve()
    else stream.write('', () => resolve())
  })
}
