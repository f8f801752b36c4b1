import { StandinError } from '@standin/client/errors'
import { readConfig } from './config.ts'
import { createApp } from './container.ts'

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const app = createApp(readConfig(process.argv.slice(2), process.env))
  print(await app.start())
  process.on('SIGHUP', () => app.reload())
  await new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await app.stop()
} catch (cause) {
  const error =
    cause instanceof StandinError
      ? cause
      : new StandinError('internal', `the resolver can not start: ${(cause as Error).message}`, { cause })
  print({ error: error.toProblem() })
  process.exitCode = 1
}
