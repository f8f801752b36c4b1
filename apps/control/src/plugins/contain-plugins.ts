import type { Logger } from '@standin/core'
import { runningPlugin } from './plugin-life.ts'

/**
 * What nobody catches ends the process; where it comes from a plugin, from a timer that it set or a promise that it forgot,
 * only that plugin is begun anew. For the process of control alone.
 */
export function containPlugins(log: Logger): void {
  const judge = (error: unknown) => {
    const life = runningPlugin.getStore()
    if (life !== undefined) {
      life.fail(error)
      return
    }
    log.error({ err: error }, 'control ends: nobody caught this')
    process.exit(1)
  }
  process.on('uncaughtException', judge)
  process.on('unhandledRejection', judge)
}
