import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** How much of a body that nobody wants any more is read to its end, so that the client gets to see the answer. */
const discardLimit = 16 * 1024 * 1024

/**
 * A request's body on its way to one endpoint. It stands between the two because undici destroys the body it is given
 * when an attempt fails, and the client's connection is still needed then: for the answer, or for another attempt.
 */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage
  #attached = false

  constructor(req: IncomingMessage) {
    super({ highWaterMark: 64 * 1024 })
    this.#req = req
  }

  /** Something was taken from the client: the body can't be sent once more. */
  get started(): boolean {
    return this.#attached
  }

  override _read(): void {
    const req = this.#req
    if (this.#attached) {
      req.resume()
      return
    }
    this.#attached = true
    req.on('data', this.#onData)
    req.on('end', this.#onEnd)
    req.on('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer) => {
    if (!this.push(chunk)) this.#req.pause()
  }

  readonly #onEnd = () => {
    this.push(null)
  }

  readonly #onClose = () => {
    if (!this.#req.complete) this.destroy(new Error('The client went away'))
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const req = this.#req
    req.off('data', this.#onData)
    req.off('end', this.#onEnd)
    req.off('close', this.#onClose)
    if (!req.complete && !req.destroyed) discardRest(req)
    callback(error)
  }
}

const discardRest = (req: IncomingMessage): void => {
  let discarded = 0
  req.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > discardLimit) req.socket.destroy()
  })
  req.resume()
}
