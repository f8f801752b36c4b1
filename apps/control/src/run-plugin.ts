import { StandinError } from '@standin/client'
import { pino } from 'pino'
import { readBesideConfig } from './beside/beside-config.ts'
import { PluginBeside } from './beside/plugin-beside.ts'
import { logDestination } from './log-destination.ts'
import { containPlugins } from './plugins/contain-plugins.ts'

/** `node run-plugin.ts --plugin NAME --url URL --dir DIR`: one plugin, beside control. One line of JSON says how that went. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** Longer than all parts may take together, ms. */
const stopPatienceMs = 20_000

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
})

try {
  const config = readBesideConfig(process.argv.slice(2), process.env)
  // What the plugin starts has no business with it.
  delete process.env.STANDIN_TOKEN
  const log = pino({ base: null, level: config.logLevel, redact: ['token', '*.token', '*.headers.authorization'] }, logDestination())
  containPlugins(log)
  const beside = new PluginBeside(config, log)
  say(await beside.start())
  await stopped
  setTimeout(() => process.exit(1), stopPatienceMs).unref()
  await beside.stop()
  process.exit(0)
} catch (cause) {
  const error =
    cause instanceof StandinError ? cause : new StandinError('internal', `the plugin can not start: ${(cause as Error).message}`, { cause })
  say({ error: error.toProblem() })
  process.exit(1)
}
