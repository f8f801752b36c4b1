import { StandinError } from '@standin/client/errors'
import { readConfig } from './config.ts'
import { buildContainer, Tokens } from './container.ts'

/** One line on standard output says where the gateway listens, or why it doesn't. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const stopSignal = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })

try {
  const container = buildContainer(readConfig(process.argv.slice(2)))
  const logStream = container.resolve(Tokens.logStream)
  process.once('exit', () => logStream.flushSync())
  const app = container.resolve(Tokens.app)
  const stopped = stopSignal()
  say({ http: `http://${await app.start()}` })
  await stopped
  await app.stop()
  process.exit(0)
} catch (error) {
  const problem =
    error instanceof StandinError
      ? error
      : new StandinError('internal', `The gateway could not start: ${(error as Error).message}`, { cause: error })
  say({ error: problem.toProblem() })
  process.exit(1)
}
