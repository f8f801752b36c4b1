import { type Fault, StandinError } from '@standin/client'
import { systemClock } from '@standin/core'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { openDatabase } from '../store/database.ts'
import { PluginCursors } from '../store/plugin-cursors.ts'
import { PluginRuns } from '../store/plugin-runs.ts'
import { PluginValues } from '../store/plugin-values.ts'
import type { EventSource } from './event-source.ts'
import { PluginLife, pluginLimits } from './plugin-life.ts'
import { BoundedMetrics } from './plugin-metrics.ts'
import { PluginTurns } from './plugin-turns.ts'
import type { ConfiguredPlugin } from './read-plugins.ts'

const noEvents: EventSource = { first: 1, last: 0, list: () => [], subscribe: () => () => {} }

/**
 * Set each plugin up and let go of it: setup has no side effects, so that what is wrong with it can be told beforehand. Its store is in
 * memory, its client refuses; routes and schedules are read, nothing is started.
 * @returns what each of them did not do, the faults in the order of the file
 */
export async function checkSetups(plugins: readonly ConfiguredPlugin[]): Promise<Fault[]> {
  const database = await openDatabase(':memory:')
  const log = pino({ level: 'silent' })
  const house = {
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
  const faults: Fault[] = []
  for (const { id, plugin, config, faultOf } of plugins) {
    if (plugin === undefined || faultOf === undefined) continue
    const nothing = () => {}
    const life = new PluginLife(plugin, config, house, {
      ...{ log, metrics: new BoundedMetrics(id, new Registry()), turns: new PluginTurns() },
      ...{ onRun: nothing, onTrouble: nothing, onHealth: nothing },
    })
    try {
      await Promise.race([life.prepare(), life.failed])
    } catch (error) {
      for (const message of messagesOf(error)) faults.push(faultOf(`plugin/${id}: ${message}`))
    }
    await life.end(true)
  }
  database.close()
  return faults
}

/** A plugin that finds several faults tells them in `errors`. */
function messagesOf(error: unknown): string[] {
  const errors = error instanceof StandinError ? (error.errors ?? []) : []
  if (errors.length > 0) return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  return [String((error as Error)?.message ?? error)]
}
