import { resolve } from 'node:path'
import { StandinError } from '@standin/client'
import { builtInPlugins } from '@standin/plugins'
import { pino } from 'pino'
import { checkSetups } from './plugins/check-setups.ts'
import { containPlugins } from './plugins/contain-plugins.ts'
import { watchLoop } from './plugins/loop-watch.ts'
import { readPlugins } from './plugins/read-plugins.ts'

/** `node check-plugins.ts FILE`: what is in the file and everything that is wrong with it, as one line of JSON. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const log = pino({ base: null, level: 'error' }, pino.destination({ dest: 2, sync: true }))
containPlugins(log)
try {
  const { file, plugins, faults } = await readPlugins(resolve(process.argv[2] ?? 'standin.config.yaml'), builtInPlugins)
  watchLoop(null, log)
  const all = [...faults, ...(await checkSetups(plugins))]
  all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  const items = plugins.map(({ id, use, plugin }) => ({ id, use, valid: plugin !== undefined, summary: plugin?.summary ?? null }))
  say({ file, items, faults: all })
} catch (error) {
  say({ error: (error instanceof StandinError ? error : new StandinError('internal', String(error))).toProblem() })
}
process.exit(0)
