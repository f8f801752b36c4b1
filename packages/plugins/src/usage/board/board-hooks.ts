import type { Event } from '@standin/client'
import { PagePasses, type PluginContext, type PluginHooks } from '@standin/core'
import { boardRoutes } from './board-routes.ts'
import type { BoardSources } from './board-sources.ts'
import { UsageBoard } from './usage-board.ts'

/** What of the hooks the board and the metrics need. */
interface BoardHooks {
  /** Once metering has begun. */
  readonly start: (signal: AbortSignal) => void
  /** Of every event, once it was metered. */
  readonly note: (event: Event) => void
  /** Events went by unseen. */
  readonly forget: () => void
  readonly routes: NonNullable<PluginHooks['routes']>
}

/** The board, and the metrics: what is used now. */
export function boardHooks(context: PluginContext, sources: BoardSources): BoardHooks {
  const board = new UsageBoard(context, sources)
  const passes = new PagePasses(context.store, context.clock, {
    prefix: 'board/',
    hint: '`standin usage board --list` shows them, `--revoke ID` ends one',
  })
  return {
    start: (signal) => board.start(signal),
    note: (event) => board.note(event),
    forget: () => board.forget(),
    routes: async (app) => boardRoutes(app, board, passes),
  }
}
