import { definePlugin } from '@standin/core'
import { accounting } from './accounting.ts'
import { boardHooks } from './board/board-hooks.ts'
import { metering } from './metering/metering.ts'
import { UsageConfig } from './usage-config.ts'

/** Meters what environments and templates use, by the minute; tells what it costs, reports on it, and keeps quotas. */
export const usagePlugin = definePlugin({
  id: 'usage',
  summary: 'Meters by the minute who uses what, tells what it costs, and keeps quotas',
  config: UsageConfig,
  setup(context, config) {
    const { ledger, hooks } = metering(context, config)
    const { money, quotas, ...accounts } = accounting(context, config, ledger)
    const board = boardHooks(context, { timeZone: config.timeZone, ledger, money, quotas })
    return {
      ...hooks,
      ...accounts.hooks,
      schedules: [...hooks.schedules, ...accounts.hooks.schedules],
      start: async (signal) => {
        await hooks.start(signal)
        accounts.begin()
        board.start(signal)
      },
      onEvent: async (event, call) => {
        await hooks.onEvent(event, call)
        board.note(event)
      },
      onEventsLost: async (lost, call) => {
        await hooks.onEventsLost(lost, call)
        board.forget()
      },
      routes: async (app, options) => {
        await accounts.hooks.routes(app, options)
        await board.routes(app, options)
      },
    }
  },
})
