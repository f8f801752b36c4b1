import type { ActivityReport } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { PendingCalls } from '@standin/serving/pending-calls'
import type { ControlPort } from '../control-port.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** Control, as a worker reaches it: by way of its primary. */
export class PrimaryLink implements ControlPort {
  readonly #calls = new PendingCalls<void>()
  readonly #tell: (message: FromWorker) => void

  constructor(tell: (message: FromWorker) => void) {
    this.#tell = tell
  }

  async wake(environment: number, reason: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { call, answer } = this.#calls.ask((number) => this.#tell({ type: 'wake', call: number, environment, reason }))
    const leave = () => {
      this.#tell({ type: 'forget', call })
      this.#calls.reject(call, signal?.reason as Error)
    }
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await answer
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  /** The primary keeps what control doesn't take: it has been reported as soon as the primary has it. */
  async reportActivity(items: ActivityReport['items']): Promise<void> {
    await this.#calls.ask((call) => this.#tell({ type: 'activity', call, items })).answer
  }

  onDone({ call, problem }: Extract<ToWorker, { type: 'done' }>): void {
    if (problem === null) this.#calls.resolve(call, undefined)
    else this.#calls.reject(call, StandinError.fromProblem(problem))
  }

  /** The primary is gone. */
  close(): void {
    this.#calls.close(new StandinError('unreachable', 'The gateway is going out of service'))
  }
}
