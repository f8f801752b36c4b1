import { copyFileSync, existsSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { AppName } from '../running-file.ts'

const maxBytes = 20 * 1024 * 1024
const checkEveryMs = 60_000

/**
 * `logs/<app>.log` below the home. The apps write to their files themselves, so that not a line is lost with the
 * supervisor; a file that has grown too large is copied to `.1` and emptied (they append, so they go on at its start).
 */
export class LogFiles {
  readonly #dir: string
  #timer: NodeJS.Timeout | undefined

  constructor(dir: string) {
    this.#dir = dir
  }

  path(app: AppName): string {
    return join(this.#dir, `${app}.log`)
  }

  watch(): void {
    this.#rotate()
    this.#timer = setInterval(() => this.#rotate(), checkEveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #rotate(): void {
    for (const app of ['gateway', 'dns', 'control'] as const) {
      const path = this.path(app)
      if (!existsSync(path) || statSync(path).size <= maxBytes) continue
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
    }
  }
}
