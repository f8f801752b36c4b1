import type { Socket } from 'node:net'
import type { UpstreamListener, UpstreamRequest, UpstreamResponse } from '../http/upstream-stream.ts'
import { eventually } from './raw-client.ts'

/** A request for a transport, with what a test says otherwise. */
export const upstreamRequest = (more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'GET',
  path: '/',
  headers: ['host', 'example'],
  hasBody: false,
  contentLength: 0,
  upgrade: false,
  wantsTrailers: false,
  exclusive: false,
  preamble: null,
  ...more,
})

/** Writes down what a transport tells, in its order. */
export class RecordingListener implements UpstreamListener {
  /** `ready`, `inform 103`, `response 200`, `data`, `end`, `upgrade`, `error` */
  readonly events: string[] = []
  readonly informs: { status: number; headers: readonly string[] }[] = []
  response: UpstreamResponse | null = null
  body = ''
  bytes = 0
  trailers: readonly string[] | null = null
  error: (Error & { code?: string }) | null = null
  upgraded: { socket: Socket; early: string } | null = null
  isOver = false

  onReadyForBody(): void {
    this.#note('ready')
  }

  onInform(status: number, headers: readonly string[]): void {
    this.#note(`inform ${status}`)
    this.informs.push({ status, headers })
  }

  onResponse(response: UpstreamResponse): void {
    this.#note(`response ${response.status}`)
    this.response = response
  }

  onData(chunk: Buffer): void {
    this.#note('data')
    this.bytes += chunk.length
    if (this.bytes < 1_000_000) this.body += chunk.toString('latin1')
  }

  onEnd(trailers: readonly string[] | null): void {
    this.#note('end')
    this.trailers = trailers
    this.isOver = true
  }

  onUpgrade(response: UpstreamResponse, socket: Socket, early: Buffer): void {
    this.#note('upgrade')
    this.response = response
    this.upgraded = { socket, early: early.toString('latin1') }
    this.isOver = true
  }

  onError(error: Error & { code?: string }): void {
    this.#note('error')
    this.error = error
    this.isOver = true
  }

  async over(): Promise<this> {
    await eventually(`the request ends; so far: ${this.events.join(', ')}`, () => this.isOver)
    return this
  }

  #note(event: string): void {
    if (this.isOver) throw new Error(`${event} after ${this.events.join(', ')}`)
    if (event !== 'data' || this.events.at(-1) !== 'data') this.events.push(event)
  }
}
