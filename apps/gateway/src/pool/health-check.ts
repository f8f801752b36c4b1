import type { Socket } from 'node:net'
import type { UpstreamListener, UpstreamResponse, UpstreamStream } from '../http/upstream-stream.ts'
import { ownPreamble } from '../proxy-protocol/proxy-preamble.ts'
import type { HealthPolicy } from './pool-policy.ts'
import type { Upstream } from './upstream.ts'

/** What is asked of an endpoint to see whether it is well. */
export interface HealthQuestion {
  readonly policy: HealthPolicy
  /** As applications expect it: the name of the route. */
  readonly host: string
}

/** Bytes of an answer that are read to keep the connection for the next check. */
const readLimit = 64 * 1024

/**
 * One question to one endpoint, on a connection of its ordinary ones. It passes no stage of the chain, so it wakes
 * nothing and is nobody's activity.
 */
export class HealthCheck implements UpstreamListener {
  /** When it has failed if nothing came, ms as `performance.now()`. */
  readonly deadline: number
  readonly #upstream: Upstream
  readonly #question: HealthQuestion
  readonly #onDone: (check: HealthCheck, failure: string | null) => void
  #stream: UpstreamStream | null = null
  #status = 0
  #isSecond = false
  #read = 0
  #isDone = false

  /** @param onDone told once, with what was wrong or null; not if it was cancelled */
  constructor(upstream: Upstream, question: HealthQuestion, now: number, onDone: (check: HealthCheck, failure: string | null) => void) {
    this.#upstream = upstream
    this.#question = question
    this.#onDone = onDone
    this.deadline = now + question.policy.timeoutMs
  }

  start(): void {
    const { policy, host } = this.#question
    const { sendProxy } = this.#upstream
    this.#stream = this.#upstream.transport.request(
      {
        method: 'GET',
        path: policy.path,
        headers: ['host', host, 'user-agent', 'standin-health', 'accept', '*/*'],
        hasBody: false,
        contentLength: 0,
        upgrade: false,
        wantsTrailers: false,
        exclusive: sendProxy !== null,
        preamble: sendProxy === null ? null : ownPreamble(sendProxy),
      },
      this,
    )
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#stream?.abort()
  }

  /** Its time is over. An answer that goes on and on was one. */
  expire(): void {
    this.#stream?.abort()
    this.#done(this.#status === 0 ? `no answer to ${this.#question.policy.path} within ${this.#question.policy.timeoutMs} ms` : null)
  }

  onReadyForBody(): void {}

  onInform(): void {}

  onResponse(response: UpstreamResponse): void {
    this.#status = response.status
  }

  onData(chunk: Buffer): void {
    this.#read += chunk.length
    if (this.#read <= readLimit) return
    this.#stream?.abort()
    this.#done(null)
  }

  onEnd(): void {
    this.#done(null)
  }

  onUpgrade(_response: UpstreamResponse, socket: Socket): void {
    socket.destroy()
    this.#done('it switched protocols unasked')
  }

  onError(error: Error): void {
    if (this.#isDone) return
    // An endpoint may close an idle connection whenever it likes, also now.
    if (this.#stream?.diedUnused === true && !this.#isSecond) {
      this.#isSecond = true
      this.start()
      return
    }
    this.#done(`the check of ${this.#question.policy.path} failed: ${error.message}`)
  }

  #done(failure: string | null): void {
    if (this.#isDone) return
    this.#isDone = true
    const unwell = failure === null && this.#status >= 400
    this.#onDone(this, unwell ? `${this.#question.policy.path} answered ${this.#status}` : failure)
  }
}
