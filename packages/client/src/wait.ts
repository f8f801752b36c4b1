import { delayBefore, pause } from './backoff.ts'
import { type ErrorCode, errorTable, StandinError } from './errors.ts'
import type { Events } from './resources/events.ts'
import type { DesiredState, Environment, EnvironmentState, Reason } from './schemas/environments.ts'
import type { Event } from './schemas/events.ts'
import { mayReopen } from './transport-errors.ts'

export interface WaitOptions {
  /** Milliseconds; default ten minutes. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Every event of the environment since the object was last looked at: progress, for one. */
  readonly onEvent?: ((event: Event) => void) | undefined
}

/** What a wait needs of the environment; its fields change when it is refreshed. */
interface Watched extends Readonly<Pick<Environment, 'id' | 'name' | 'state' | 'desired' | 'reason' | 'revision'>> {
  refresh(options: { signal?: AbortSignal | undefined }): Promise<unknown>
  markDeleted(): unknown
}

const defaultTimeoutMs = 600_000
const backoff = { first: 50, max: 2_000 }

/** Which states lie on the way to what is wanted. `failed` and `snapshotting` come whatever is wanted. */
const onTheWayTo: Readonly<Record<DesiredState, readonly EnvironmentState[]>> = {
  running: ['starting', 'resuming', 'running', 'failed', 'snapshotting'],
  suspended: ['suspending', 'suspended', 'failed', 'snapshotting'],
  stopped: ['stopping', 'stopped', 'failed', 'snapshotting'],
  deleted: ['stopping', 'deleting', 'deleted', 'failed'],
}

/** What is known of the environment at one moment. */
interface View {
  readonly state: EnvironmentState
  readonly desired: DesiredState
  /** Of the state. */
  readonly reason: Reason
  /** Of what is wanted, where an event told it. */
  readonly desiredReason?: Reason | undefined
}

interface Goal {
  readonly words: string
  isReached(view: View): boolean
  /** Why it can not come any more, and the code of the cause; undefined while it can. */
  impossible(view: View, wanted: ReadonlySet<DesiredState>): { readonly why: string; readonly cause?: Reason } | undefined
}

export function reaching(states: readonly EnvironmentState[]): Goal {
  const leadsThere = (desired: DesiredState) => onTheWayTo[desired].some((state) => states.includes(state))
  return {
    words: states.join(' or '),
    isReached: ({ state }) => states.includes(state),
    impossible(view, wanted) {
      if (view.state === 'failed') return { why: `it failed: ${view.reason.message}`, cause: view.reason }
      if (view.state === 'deleted' && view.desired === 'deleted')
        return { why: `it was deleted (${told(view.desiredReason ?? view.reason)})` }
      if (leadsThere(view.desired) || ![...wanted].some(leadsThere)) return undefined
      const by = view.desiredReason === undefined ? '' : ` (${told(view.desiredReason)})`
      return { why: `it is wanted ${view.desired} now${by}` }
    },
  }
}

export function leaving(states: readonly EnvironmentState[]): Goal {
  return {
    words: `no longer ${states.join(' or ')}`,
    isReached: ({ state }) => !states.includes(state) && state !== 'failed',
    impossible: (view) =>
      view.state === 'failed' && !states.includes('failed') ? { why: `it failed: ${view.reason.message}`, cause: view.reason } : undefined,
  }
}

/**
 * Look, then follow the events after the revision that was seen, so that nothing is missed in between. Where the
 * connection breaks, look again.
 */
export async function waitFor<E extends Watched>(environment: E, events: Events, goal: Goal, options: WaitOptions): Promise<E> {
  const { timeout = defaultTimeoutMs, signal: given, onEvent } = options
  const deadline = new AbortController()
  const timer = timeout < 2 ** 31 ? setTimeout(() => deadline.abort(), timeout) : undefined
  const signal = given === undefined ? deadline.signal : AbortSignal.any([given, deadline.signal])
  const wait = new Wait(environment, goal)
  try {
    let heard = environment.revision
    for (let attempt = 0; ; attempt++) {
      const opened = Date.now()
      try {
        if (await wait.look(signal)) return environment
        const looked = environment.revision
        const after = onEvent === undefined ? looked : heard
        for await (const event of events.stream({ after, environment: environment.id, signal })) {
          heard = event.seq
          onEvent?.(event)
          if (event.seq > looked && wait.hear(event)) return await wait.finish(given)
        }
      } catch (error) {
        if (signal.aborted || !mayReopen(error)) throw error
      }
      if (Date.now() - opened > backoff.max) attempt = 0
      await pause(delayBefore(attempt, backoff), signal)
    }
  } catch (error) {
    given?.throwIfAborted()
    if (deadline.signal.aborted) throw wait.tookTooLong(timeout)
    // Who is told why wants to see it as it is; where that can't be had, the reason stands without it.
    if (isUnreachable(error)) await wait.finish(given).catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

class Wait {
  readonly #environment: Watched
  readonly #goal: Goal
  #view: View
  /** All that was wanted since the wait began: giving the goal up is told from never having aimed at it. */
  readonly #wanted: Set<DesiredState>

  constructor(environment: Watched, goal: Goal) {
    this.#environment = environment
    this.#goal = goal
    this.#view = { state: environment.state, desired: environment.desired, reason: environment.reason }
    this.#wanted = new Set([environment.desired])
  }

  /** @returns whether the goal is reached */
  async look(signal: AbortSignal): Promise<boolean> {
    await this.#refresh(signal)
    const { state, desired, reason } = this.#environment
    return this.#judge({ state, desired, reason })
  }

  /** @returns whether the goal is reached */
  hear(event: Event): boolean {
    const { reason, to } = event.data as { reason?: Reason; to?: string }
    const state = event.type === 'environment.purged' ? 'deleted' : (event.state ?? this.#view.state)
    if (event.type === 'environment.desired')
      return this.#judge({ ...this.#view, state, desired: to as DesiredState, desiredReason: reason })
    if (event.type === 'environment.state') return this.#judge({ ...this.#view, state, reason: reason ?? this.#view.reason })
    return this.#judge({ ...this.#view, state })
  }

  /** The fields as they are now. */
  async finish<E extends Watched>(signal: AbortSignal | undefined): Promise<E> {
    await this.#refresh(signal)
    return this.#environment as E
  }

  tookTooLong(timeout: number): StandinError {
    const { state, reason } = this.#view
    return new StandinError(
      'timeout',
      `${this.#name} is still ${state} after ${timeout % 1000 === 0 ? `${timeout / 1000}s` : `${timeout} ms`} (${reason.message})`,
      {
        hint: `Look at it with \`standin show ${this.#environment.name}\`, or give it more time`,
      },
    )
  }

  #judge(view: View): boolean {
    this.#view = view
    this.#wanted.add(view.desired)
    if (this.#goal.isReached(view)) return true
    const fault = this.#goal.impossible(view, this.#wanted)
    if (fault === undefined) return false
    throw new StandinError('state_unreachable', `${this.#name} will not be ${this.#goal.words}: ${fault.why}`, {
      hint: `See \`standin show ${this.#environment.name}\` and \`standin logs ${this.#environment.name}\``,
      cause: fault.cause && causeOf(fault.cause),
    })
  }

  async #refresh(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#environment.refresh({ signal })
    } catch (error) {
      if (!(error instanceof StandinError && error.code === 'environment_deleted')) throw error
      this.#environment.markDeleted()
    }
  }

  get #name(): string {
    return `environment ${this.#environment.name} (${this.#environment.id})`
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof StandinError && error.code === 'state_unreachable'
}

function causeOf(reason: Reason): StandinError | undefined {
  return reason.code !== null && Object.hasOwn(errorTable, reason.code)
    ? new StandinError(reason.code as ErrorCode, reason.message)
    : undefined
}

function told(reason: Reason): string {
  return `${reason.actor}: ${reason.message}`
}
