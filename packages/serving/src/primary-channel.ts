import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'

/** What every worker says, beside what is its own. */
export type WorkerWords =
  | { readonly type: 'failed'; readonly problem: Problem }
  /** It has a table; null: it does all that it is there for. */
  | { readonly type: 'readiness'; readonly notReady: string | null }

interface PrimaryEars<To> {
  onMessage(message: To): void
  /** The primary is gone, or somebody ends this worker alone. */
  leave(): void
}

/** A worker's side of the channel to the primary that has started it. */
export class PrimaryChannel<To, From> {
  #toldReadiness: string | null | undefined

  open({ onMessage, leave }: PrimaryEars<To>): void {
    process.on('message', (message) => onMessage(message as To))
    process.once('disconnect', leave)
    // Ctrl-C and a hang-up reach the whole group. The primary tells what is to be done, and who ends one worker gets another one.
    process.on('SIGINT', () => {})
    process.on('SIGHUP', () => {})
    process.on('SIGTERM', leave)
  }

  tell(message: From | WorkerWords): void {
    // A channel that has just closed is heard of by `disconnect`.
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }

  /** Says it if it is new. */
  tellReadiness(notReady: string | null): void {
    if (notReady === this.#toldReadiness) return
    this.#toldReadiness = notReady
    this.tell({ type: 'readiness', notReady })
  }

  /** What kept it from starting. */
  tellFailure(error: Error): void {
    const known = error instanceof StandinError
    const told = known ? error : new StandinError('internal', `A worker could not start: ${error.message}`, { cause: error })
    this.tell({ type: 'failed', problem: told.toProblem() })
  }
}

/** What this process takes of the machine. */
export interface ProcessUse {
  readonly residentBytes: number
  readonly cpuSeconds: number
}

export function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage()
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 }
}
