import { type Fault, StandinError } from '@standin/client'
import { systemClock } from '@standin/core'
import { type Logger, pino } from 'pino'
import { Registry } from 'prom-client'
import { openDatabase } from '../store/database.ts'
import { PluginCursors } from '../store/plugin-cursors.ts'
import { PluginRuns } from '../store/plugin-runs.ts'
import { PluginValues } from '../store/plugin-values.ts'
import type { EventSource } from './event-source.ts'
import { type PluginHouse, PluginLife, pluginLimits } from './plugin-life.ts'
import { BoundedMetrics } from './plugin-metrics.ts'
import { PluginTurns } from './plugin-turns.ts'
import type { ConfiguredPlugin } from './read-plugins.ts'

const checkMs = 5_000
const noEvents: EventSource = { first: 1, last: 0, list: () => [], subscribe: () => () => {} }

/**
 * Set each plugin up and let go of it: setup has no side effects, so that what is wrong with it can be told beforehand. Its store is in
 * memory, its client refuses; routes and schedules are read, nothing is started. Then it is asked what it finds wrong on this
 * machine.
 * @returns what each of them did not do, the faults in the order of the file
 */
export async function checkSetups(plugins: readonly ConfiguredPlugin[]): Promise<Fault[]> {
  const database = await openDatabase(':memory:')
  const log = pino({ level: 'silent' })
  const house: PluginHouse = {
    events: noEvents,
    cursors: new PluginCursors(database),
    runs: new PluginRuns(database, () => systemClock.now()),
    values: new PluginValues(database),
    tokens: { lend: () => '', takeBack() {} },
    authenticate: () => Promise.reject(new StandinError('unauthenticated', 'nobody asks here')),
    clock: systemClock,
    limits: pluginLimits,
    url: () => 'http://127.0.0.1:9',
  }
  // All at once: nobody waits for one that hangs more than once.
  const faults = await Promise.all(plugins.map((each) => checkSetup(each, house, log)))
  database.close()
  return faults.flat()
}

async function checkSetup({ id, plugin, config, faultOf }: ConfiguredPlugin, house: PluginHouse, log: Logger): Promise<Fault[]> {
  if (plugin === undefined || faultOf === undefined) return []
  const nothing = () => {}
  // A path says already whose it is, and what: "…markdown.0.folder: is no absolute path".
  const told = ({ path, message }: Pick<Fault, 'path' | 'message'>) => faultOf(path === '' ? `plugin/${id}: ${message}` : message, path)
  const life = new PluginLife(plugin, config, house, {
    ...{ log, metrics: new BoundedMetrics(id, new Registry()), turns: new PluginTurns() },
    ...{ onRun: nothing, onTrouble: nothing, onHealth: nothing },
  })
  try {
    await Promise.race([life.prepare(), life.failed])
    const found = await life.ask('check', checkMs, () => life.hooks.check?.())
    return (found ?? []).map(told)
  } catch (error) {
    return faultsIn(error).map(told)
  } finally {
    await life.end(true)
  }
}

/** A plugin that finds several faults tells them in `errors`, each with the key below its configuration that is wrong. */
function faultsIn(error: unknown): readonly Pick<Fault, 'path' | 'message'>[] {
  const errors = error instanceof StandinError ? (error.errors ?? []) : []
  return errors.length > 0 ? errors : [{ path: '', message: String((error as Error)?.message ?? error) }]
}
