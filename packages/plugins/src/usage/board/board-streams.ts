import type { ServerResponse } from 'node:http'

/** A screen that hears nothing for three of these takes its connection for lost, ms. */
const heartbeatMs = 5_000
const mostStreams = 100
/** A reader that takes nothing for so long is cut off; it comes back by itself, ms. */
const stallMs = 30_000

interface Stream {
  readonly response: ServerResponse
  readonly isWelcome: () => Promise<boolean>
  /** Since when it takes nothing, ms of performance.now(); null: it does. */
  blockedAt: number | null
  /** The message that it has yet to get; one that is newer takes its place. */
  pending: string | null
}

/**
 * Server-sent events to screens (WHATWG HTML, section 9.2). Every message is the whole state: a slow reader misses some and
 * still ends with the newest, and at most one waits for it.
 */
export class BoardStreams {
  readonly #streams = new Set<Stream>()
  #timer: NodeJS.Timeout | undefined
  #last: string | null = null

  get size(): number {
    return this.#streams.size
  }

  get isFull(): boolean {
    return this.#streams.size >= mostStreams
  }

  /**
   * @param page version of the page: a screen that shows another one loads it again
   * @param isWelcome asked at every heartbeat: whether it still may look
   */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>, page: string, isWelcome: () => Promise<boolean>): void {
    const stream: Stream = { response, isWelcome, blockedAt: null, pending: null }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    response.on('error', () => response.destroy())
    response.on('close', () => this.#close(stream))
    response.on('drain', () => drained(stream))
    this.#streams.add(stream)
    // The network's time, which no test moves.
    this.#timer ??= setInterval(() => this.#beat(), heartbeatMs).unref()
    send(stream, `event: page\ndata: ${page}\n\n`)
    if (this.#last !== null) send(stream, this.#last)
  }

  /** To all of them, if it is anything new. */
  publish(event: string, value: unknown): void {
    const message = `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`
    if (message === this.#last) return
    this.#last = message
    for (const stream of this.#streams) send(stream, message)
  }

  end(): void {
    for (const stream of this.#streams) stream.response.destroy()
  }

  /** Whether each of them may still look. */
  check(): void {
    for (const stream of this.#streams) {
      stream.isWelcome().then(
        (isWelcome) => void (isWelcome || stream.response.destroy()),
        () => stream.response.destroy(),
      )
    }
  }

  #beat(): void {
    for (const stream of this.#streams) {
      if (stream.blockedAt === null) send(stream, 'event: beat\ndata: \n\n')
      else if (performance.now() - stream.blockedAt > stallMs) stream.response.destroy()
    }
    this.check()
  }

  #close(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    // Nobody keeps it up to date while nobody looks.
    this.#last = null
  }
}

function send(stream: Stream, message: string): void {
  if (stream.blockedAt !== null) stream.pending = message
  else if (!stream.response.write(message)) stream.blockedAt = performance.now()
}

function drained(stream: Stream): void {
  const { pending } = stream
  stream.blockedAt = null
  stream.pending = null
  if (pending !== null) send(stream, pending)
}
