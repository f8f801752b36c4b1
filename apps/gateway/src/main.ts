import { StandinError } from '@standin/client/errors'
import { readConfig } from './config.ts'
import { buildContainer, Tokens } from './container.ts'
import { keepYoungGenerationSmall } from './young-generation.ts'

/** One line on standard output says where the gateway listens, or why it doesn't. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** How long the last lines of the log may take, ms. */
const lastLinesMs = 1_000

const stopSignal = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })

keepYoungGenerationSmall()
try {
  const container = buildContainer(readConfig(process.argv.slice(2)))
  const lines = container.resolve(Tokens.lines)
  process.once('exit', () => lines.endNow())
  const app = container.resolve(Tokens.app)
  const stopped = stopSignal()
  const { http, https, admin } = await app.start()
  say({
    ...(http === null ? {} : { http: `http://${http}` }),
    ...(https === null ? {} : { https: `https://${https}` }),
    ...(admin === null ? {} : { admin: `http://${admin}` }),
  })
  await stopped
  // Who asks again does not want to wait.
  void stopSignal().then(() => {
    app.endNow()
    process.exit(1)
  })
  await app.stop()
  await lines.end(lastLinesMs)
  process.exit(0)
} catch (error) {
  const problem =
    error instanceof StandinError
      ? error
      : new StandinError('internal', `The gateway could not start: ${(error as Error).message}`, { cause: error })
  say({ error: problem.toProblem() })
  process.exit(1)
}
