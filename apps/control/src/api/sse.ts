import type { ServerResponse } from 'node:http'

export interface SseMessage {
  readonly event?: string
  readonly id?: string | number
  /** One line. */
  readonly data: string
}

/** A reader that takes nothing for so long is cut off; it comes back with the last id that it saw. */
const stallMs = 30_000

/**
 * Server-sent events on one response (WHATWG HTML, section 9.2). Whoever sends asks `blocked` first and goes on at
 * `onDrain`: what waits for a slow reader is the sender's to bound.
 */
export class SseStream {
  readonly #response: ServerResponse
  readonly #stallMs: number
  readonly #drainListeners: (() => void)[] = []
  #stall: NodeJS.Timeout | undefined
  #blocked = false

  constructor(response: ServerResponse, options: { stallMs?: number } = {}) {
    this.#response = response
    response.socket?.setNoDelay(true)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
    response.on('drain', () => this.#drained())
    response.on('close', () => clearTimeout(this.#stall))
    response.on('error', () => response.destroy())
    this.#stallMs = options.stallMs ?? stallMs
  }

  /** The reader has not taken what was sent: send nothing more for now. */
  get blocked(): boolean {
    return this.#blocked || this.#response.destroyed
  }

  send({ event, id, data }: SseMessage): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`)
  }

  /** One event whose data comes in pieces, all of them at once. */
  sendPieces(event: string, id: string, pieces: Iterable<string>): void {
    this.#write(`id: ${id}\nevent: ${event}\ndata: `)
    for (const piece of pieces) this.#write(piece)
    this.#write('\n\n')
  }

  /** A heartbeat that no reader sees as an event. */
  comment(text: string): void {
    if (!this.blocked) this.#write(`: ${text}\n\n`)
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  onClose(listener: () => void): void {
    if (this.#response.destroyed) listener()
    else this.#response.on('close', listener)
  }

  end(): void {
    this.#response.end()
    // A reader that does not read does not end either.
    if (this.#blocked) this.#response.destroy()
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    if (this.#response.write(text) || this.#blocked) return
    this.#blocked = true
    this.#stall = setTimeout(() => this.#response.destroy(), this.#stallMs)
    this.#stall.unref()
  }

  #drained(): void {
    this.#blocked = false
    clearTimeout(this.#stall)
    for (const listener of this.#drainListeners) listener()
  }
}
