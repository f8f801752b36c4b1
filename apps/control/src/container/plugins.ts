import { existsSync } from 'node:fs'
import { builtInPlugins } from '@standin/plugins'
import { authenticate } from '../api/auth.ts'
import { HeldLoops } from '../plugins/held-loops.ts'
import { PluginHost } from '../plugins/plugin-host.ts'
import { pluginLimits } from '../plugins/plugin-life.ts'
import { readPlugins } from '../plugins/read-plugins.ts'
import { PluginCursors } from '../store/plugin-cursors.ts'
import { PluginRuns } from '../store/plugin-runs.ts'
import { PluginValues } from '../store/plugin-values.ts'
import type { Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** The plugins' host. */
export function providePlugins(provide: Provide, { config, opened: { home, database }, options, clock, now }: Ground): void {
  provide(Tokens.plugins, (get) => {
    const listening = get(Tokens.listening)
    const file = config.configFile ?? (existsSync(home.configFile) ? home.configFile : null)
    return new PluginHost({
      read: options.plugins ?? (() => readPlugins(file, builtInPlugins)),
      offBecause: (plugin) => new HeldLoops(home.heldLoopsFile).offBecause(plugin, Date.now()),
      events: get(Tokens.events),
      cursors: new PluginCursors(database),
      runs: new PluginRuns(database, now),
      values: new PluginValues(database),
      tokens: get(Tokens.tokens),
      authenticate: (authorization, needed, permission, params, response) => {
        const authority = get(Tokens.authority)
        const caller = authenticate(get(Tokens.tokens), authorization, needed)
        authority.enforce(permission, caller, params)
        const open = { end: () => response.destroy(), onClose: (listener: () => void) => response.on('close', listener) }
        get(Tokens.streams).add(open, () => authority.stillAllows(permission, caller, params))
        return caller
      },
      clock,
      limits: { ...pluginLimits, ...options.pluginLimits },
      url: () => listening.apiUrl,
      log: get(Tokens.log),
      registry: get(Tokens.metrics).registry,
    })
  })
}
