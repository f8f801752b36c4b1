import type { Logger } from '@standin/core'
import type { PluginTurns } from './plugin-turns.ts'

/** What a plugin writes to the log, as far as its turns go; the rest is counted. */
export class PluginLog implements Logger {
  readonly #log: Logger
  readonly #turns: PluginTurns
  readonly #ended: AbortSignal

  constructor(log: Logger, turns: PluginTurns, ended: AbortSignal) {
    this.#log = log
    this.#turns = turns
    this.#ended = ended
  }

  debug(data: object, message?: string): void {
    if (this.#may()) this.#log.debug(data, message)
  }

  info(data: object, message?: string): void {
    if (this.#may()) this.#log.info(data, message)
  }

  warn(data: object, message?: string): void {
    if (this.#may()) this.#log.warn(data, message)
  }

  error(data: object, message?: string): void {
    if (this.#may()) this.#log.error(data, message)
  }

  #may(): boolean {
    if (this.#ended.aborted) return false
    if (this.#turns.logLines.tryTake()) return true
    this.#turns.droppedLines += 1
    if (this.#turns.droppedLines === 1)
      this.#log.warn({}, 'the plugin writes more than 100 lines a second: what comes on top is counted, not written')
    return false
  }
}
