import { writeSync } from 'node:fs'
import { Ending } from './ending.ts'
import { exitCodes } from './exit-codes.ts'
import { endWith } from './failure.ts'
import { createProgram } from './program.ts'

/** Sooner than this nobody presses twice, ms: `timeout` and others signal a process, and its group right after. */
const oneSignalMs = 300

const interruption = new AbortController()
let interruptedAt = 0
for (const [signal, kind] of [
  ['SIGINT', 'interrupted'],
  ['SIGTERM', 'terminated'],
  ['SIGHUP', 'terminated'],
] as const) {
  process.on(signal, () => {
    if (!interruption.signal.aborted) {
      interruptedAt = performance.now()
      interruption.abort(new Ending(kind))
      return
    }
    // Who presses twice does not want to wait for a clean end.
    if (performance.now() - interruptedAt > oneSignalMs) process.exit(130)
  })
}

// Whoever read the output has seen enough: `standin list | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes['closed-output'])
  writeSync(2, `error: The output can not be written: ${error.message}.\n`)
  process.exit(exitCodes.internal)
})
process.stderr.on('error', () => {})

const surroundings = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, signal: interruption.signal }
const argv = spellOut(process.argv.slice(2))
try {
  if (argv[0] === '__complete') await (await import('./complete.ts')).printCompletion(argv.slice(2), surroundings)
  else await createProgram(surroundings).parseAsync(argv, { from: 'user' })
  await endWith(undefined, argv, surroundings)
} catch (error) {
  await endWith(error, argv, surroundings)
}

/** `help up` is `up --help`, `--version` is `version`. */
function spellOut(words: string[]): string[] {
  if (words[0] === 'help') return [...words.slice(1), '--help']
  if (words[0] === '--version' || words[0] === '-V') return ['version', ...words.slice(1)]
  return words
}
