import { StandinError } from '@standin/client'
import type { LiveEnvironment } from '@standin/client/connect'
import { suspendLabels } from '@standin/client/suspend-labels'
import type { PluginContext } from '@standin/core'
import type { Step } from './decision.ts'

/** What is told of a deletion, from the first word of it to the end. */
type Kind = 'suspend.deletion-announced' | 'suspend.deletion-cancelled' | 'suspend.deleted'

/** Written down before it is done, so that it is told whatever dies in between, and told only if it was done. */
type Pending = {
  readonly kind: Kind
  readonly environment: number
  readonly name: string
  readonly message: string
  readonly rule: string
  /** What its label says once it is done; null: there is none. */
  readonly deletesAt: string | null
  /** Names this very change: the key under which it is told once. */
  readonly decidedAt: number
}

const prefix = 'notice/'

/** Notices of deletions: announced, cancelled, done. */
export class Announcements {
  readonly #context: Pick<PluginContext, 'client' | 'store' | 'clock'>

  constructor(context: Pick<PluginContext, 'client' | 'store' | 'clock'>) {
    this.#context = context
  }

  /** Do a step, and tell of it where it is one of a deletion. */
  async accompany(environment: LiveEnvironment, step: Step, act: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const pending = this.#noticeOf(environment, step)
    if (pending !== null) await this.#context.store.set(prefix + environment.id, pending)
    await act()
    if (pending !== null) await this.#tell(pending, signal)
  }

  /** Tell what was done and not yet told; forget what was never done. */
  async settle(signal: AbortSignal): Promise<void> {
    for await (const { value } of this.#context.store.iterate<Pending>({ prefix })) {
      if (await this.#isDone(value, signal)) await this.#tell(value, signal)
      else await this.#forget(value)
    }
  }

  #noticeOf({ id, name, labels }: LiveEnvironment, { action, labels: set, rule, because }: Step): Pending | null {
    const about = { environment: id, name, rule, decidedAt: this.#context.clock.now() }
    const message = `${name} (${id}): ${because}`.slice(0, 500)
    if (action === 'delete') return { ...about, kind: 'suspend.deleted', message, deletesAt: labels[suspendLabels.deletesAt] ?? null }
    const deletesAt = set?.[suspendLabels.deletesAt]
    if (action !== 'label' || deletesAt === undefined) return null
    return { ...about, kind: deletesAt === null ? 'suspend.deletion-cancelled' : 'suspend.deletion-announced', message, deletesAt }
  }

  async #isDone({ kind, environment: id, deletesAt }: Pending, signal: AbortSignal): Promise<boolean> {
    try {
      const { desired, labels } = await this.#context.client.environments.get(id, { signal })
      return kind === 'suspend.deleted' ? desired === 'deleted' : (labels[suspendLabels.deletesAt] ?? null) === deletesAt
    } catch (error) {
      if (isGone(error)) return kind === 'suspend.deleted'
      throw error
    }
  }

  async #tell(pending: Pending, signal: AbortSignal): Promise<void> {
    const { kind, environment, name, message, rule, deletesAt, decidedAt } = pending
    const options = { signal, idempotencyKey: `${kind}-${environment}-${decidedAt}` }
    try {
      await this.#context.client.events.notify({ kind, message, environment, data: { name, rule, deletesAt } }, options)
    } catch (error) {
      // Nobody can be told of what was purged: its own events say so.
      if (!isGone(error)) throw error
    }
    await this.#forget(pending)
  }

  async #forget({ environment }: Pending): Promise<void> {
    await this.#context.store.delete(prefix + environment)
  }
}

function isGone(error: unknown): boolean {
  return error instanceof StandinError && (error.code === 'environment_deleted' || error.code === 'environment_not_found')
}
