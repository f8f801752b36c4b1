import type { PoolPolicy } from './pool-policy.ts'
import type { Swept } from './sweep.ts'
import type { EjectionRecord, Upstream } from './upstream.ts'

/** An endpoint is never left out for longer than this at once, ms. */
const longestEjectionMs = 300_000
/** A trial that nobody has answered does not keep an endpoint out: after this time it gets another one, ms. */
const trialMs = 1_000

/** The statuses that say that an endpoint can not answer, rather than what its application thinks of the request. */
export const isFailure = (status: number): boolean => status === 502 || status === 503 || status === 504

/** Whether an error tells something of the endpoint. Some requests can be sent to nobody, and some endpoints we may not ask. */
export const isItsFault = ({ code }: Error & { code?: unknown }): boolean =>
  code !== 'bad_request' && code !== 'draining' && code !== 'endpoint_refused'

/** How long an endpoint is left out now: longer from time to time, if it failed again soon after its return. */
export const ejectFor = (before: EjectionRecord | null, policy: PoolPolicy, now: number): EjectionRecord => {
  const hasLasted = before === null || (before.returnedAt > 0 && now - before.returnedAt > before.lastedMs)
  const row = hasLasted ? 1 : before.row + 1
  const lastedMs = Math.min(policy.ejectForMs * row, Math.max(longestEjectionMs, policy.ejectForMs))
  return { row, lastedMs, until: now + lastedMs, returnedAt: 0 }
}

/** Lets ejected endpoints return when their time is over, one request at a time. */
export class Returns implements Swept {
  readonly #out = new Set<Upstream>()
  readonly #onOver: (upstream: Upstream) => void

  constructor(onOver: (upstream: Upstream) => void) {
    this.#onOver = onOver
  }

  add(upstream: Upstream): void {
    this.#out.add(upstream)
  }

  sweep(now: number): boolean {
    for (const upstream of this.#out) {
      const { ejection } = upstream
      if (ejection === null || (upstream.state !== 'ejected' && upstream.state !== 'returning')) {
        this.#out.delete(upstream)
        continue
      }
      if (now < ejection.until) continue
      if (upstream.state === 'ejected') this.#onOver(upstream)
      else upstream.isOnTrial = false
      ejection.until = now + trialMs
    }
    return this.#out.size > 0
  }
}
