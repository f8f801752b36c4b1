import { StandinError } from '@standin/client/errors'
import { readConfig } from './config.ts'
import { createResolver } from './container.ts'
import { usage } from './flags.ts'

/** One line on standard output says where the resolver listens, or why it doesn't. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** How long the last lines of the log may take, ms. */
const lastLinesMs = 1_000

const args = process.argv.slice(2)
if (args.some((each) => each === '--help' || each === '-h')) {
  process.stdout.write(usage())
  process.exit(0)
}
try {
  const { app, lines } = createResolver(readConfig(args, process.env))
  process.once('exit', () => lines.endNow())
  const stopped = new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  const { dns, admin } = await app.start()
  say({ dns, ...(admin === null ? {} : { admin: `http://${admin}` }) })
  process.on('SIGHUP', () => app.reload())
  await stopped
  await app.stop()
  await lines.end(lastLinesMs)
  process.exit(0)
} catch (cause) {
  const error =
    cause instanceof StandinError
      ? cause
      : new StandinError('internal', `The resolver can not start: ${(cause as Error).message}`, { cause })
  say({ error: error.toProblem() })
  process.exit(1)
}
