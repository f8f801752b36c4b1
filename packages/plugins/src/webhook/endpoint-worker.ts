import type { Event } from '@standin/client'
import { delayBefore } from '@standin/client/backoff'
import type { PluginContext } from '@standin/core'
import type { EndpointQueue } from './endpoint-queue.ts'
import { signedHeaders } from './signature.ts'

export interface EndpointWorkerParts {
  readonly name: string
  readonly url: string
  readonly key: Buffer
  readonly queue: EndpointQueue
  readonly giveUpMs: number
  readonly timeoutMs: number
  readonly context: Pick<PluginContext, 'clock' | 'log'>
  readonly onDone: (outcome: 'delivered' | 'failed' | 'given-up') => void
  /** Why the event that it is at is not taken; null: it was. */
  readonly onTrouble: (message: string | null) => void
}

const backoff = { first: 5_000, max: 600_000 }
/** Where even its own store does not answer, ms. */
const afterFaultMs = 5_000

/** Brings one endpoint its events, one at a time and in order. What an endpoint does not take holds up only that endpoint. */
export class EndpointWorker {
  readonly #parts: EndpointWorkerParts
  #wake: () => void = () => {}
  #isWoken = false
  trouble: string | null = null
  deliveredAt: number | null = null

  constructor(parts: EndpointWorkerParts) {
    this.#parts = parts
  }

  /** There is something in the queue. */
  wake(): void {
    this.#isWoken = true
    this.#wake()
  }

  /** Until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue, context, name } = this.#parts
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      try {
        this.#isWoken = false
        const event = await queue.head()
        if (event === undefined) await this.#woken(signal)
        else await this.#bring(event, signal)
      } catch (error) {
        if (signal.aborted) return
        context.log.error({ err: error, endpoint: name }, `the endpoint ${name} can not be served: ${(error as Error).message}`)
        await context.clock.sleep(afterFaultMs, signal).catch(() => {})
      }
    }
  }

  async #bring(event: Event, signal: AbortSignal): Promise<void> {
    const { queue, context, name, giveUpMs, onDone } = this.#parts
    const { clock, log } = context
    const until = Date.parse(event.at) + giveUpMs
    for (let attempt = 0; !signal.aborted; attempt++) {
      const why = await this.#post(event, signal)
      if (why === null) {
        await queue.taken(event)
        this.deliveredAt = clock.now()
        onDone('delivered')
        return this.#tell(null)
      }
      if (signal.aborted) return
      onDone('failed')
      const waitMs = delayBefore(attempt, backoff)
      if (clock.now() >= until) {
        await queue.giveUp(event, why, clock.now())
        onDone('given-up')
        log.error({ endpoint: name, event: event.seq }, `${name} did not take event ${event.seq} (${event.type}): ${why}; it is given up`)
        return
      }
      this.#tell(why)
      log.warn({ endpoint: name, event: event.seq, attempt: attempt + 1 }, `${name} did not take event ${event.seq}: ${why}`)
      await clock.sleep(Math.min(waitMs, Math.max(1, until - clock.now())), signal).catch(() => {})
    }
  }

  /** @returns why it was not taken; null: it was */
  async #post(event: Event, signal: AbortSignal): Promise<string | null> {
    const { url, key, timeoutMs, context } = this.#parts
    const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event })
    const headers = signedHeaders(key, `event_${event.seq}`, context.clock.now(), body)
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'standin-webhook' },
        body,
        // Whoever answers does not decide who else is told.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      if (response.ok) return null
      return response.status >= 300 && response.status < 400
        ? `it answered ${response.status}, and redirects are not followed`
        : `it answered ${response.status}`
    } catch (error) {
      return wordsOf(error, timeoutMs)
    }
  }

  #tell(why: string | null): void {
    if (this.trouble === why) return
    this.trouble = why
    this.#parts.onTrouble(why)
  }

  async #woken(signal: AbortSignal): Promise<void> {
    if (this.#isWoken || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Of the network's errors the innermost says what it was; none of them says a secret. */
function wordsOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  let last = error
  while (last instanceof Error && last.cause instanceof Error) last = last.cause
  const { code, message } = last as { code?: string; message?: string }
  return code ?? message ?? 'it can not be reached'
}
