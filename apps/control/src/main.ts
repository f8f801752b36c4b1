import { setFlagsFromString } from 'node:v8'
import { StandinError } from '@standin/client'
import { readConfig } from './config.ts'
import { buildContainer, Tokens } from './container.ts'
import { openHome } from './open-home.ts'
import { containPlugins } from './plugins/contain-plugins.ts'
import { HeldLoops } from './plugins/held-loops.ts'
import { watchLoop } from './plugins/loop-watch.ts'

/** One line on standard output says where the API is, or why it isn't. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** Longer than all parts may take together, ms. */
const stopPatienceMs = 20_000

const stopSignal = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })

// Young objects get a small space: by default it grows to 128 MiB in a burst of requests and is never given back.
setFlagsFromString('--semi-space-growth-factor=1')

try {
  const stopped = stopSignal()
  const config = readConfig(process.argv.slice(2), process.env)
  // The store is for nobody but the user. Not for longer: what runs in environments would inherit it.
  const umask = process.umask(0o077)
  const opened = await openHome(config)
  process.umask(umask)
  const container = buildContainer(config, opened)
  const log = container.resolve(Tokens.log)
  containPlugins(log)
  const control = container.resolve(Tokens.control)
  const ready = await control.start()
  // They begin after this.
  if (container.resolve(Tokens.plugins).list.items.length > 0) watchLoop(opened.home.heldLoopsFile, log)
  say(ready)
  await stopped
  // A part that does not end must not keep the others: environments run on, and the next start adopts them.
  setTimeout(() => process.exit(1), stopPatienceMs).unref()
  await control.stop()
  new HeldLoops(opened.home.heldLoopsFile).forget()
  process.exit(0)
} catch (cause) {
  const error =
    cause instanceof StandinError ? cause : new StandinError('internal', `control can not start: ${(cause as Error).message}`, { cause })
  say({ error: error.toProblem() })
  process.exit(1)
}
