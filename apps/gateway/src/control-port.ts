import type { ActivityReport } from '@standin/client'
import { StandinError } from '@standin/client/errors'

/** What a gateway asks of the control plane; a worker asks it by way of its primary. */
export interface ControlPort {
  /** Ask for an environment to be resumed. @throws StandinError, or the signal's reason */
  wake(environment: number, reason: string, signal?: AbortSignal): Promise<void>
  /** Who was used last, when, by what. @throws StandinError, or the signal's reason */
  reportActivity(items: ActivityReport['items'], signal?: AbortSignal): Promise<void>
}

/** For a gateway that has its routes from a file: nothing sleeps there, and nobody asks who is used. */
export class NoControl implements ControlPort {
  async wake(environment: number): Promise<void> {
    throw new StandinError('unsupported', `Environment ${environment} can not be woken: this gateway runs without a control plane`)
  }

  async reportActivity(): Promise<void> {}
}
