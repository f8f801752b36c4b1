/** Something that lasts until it is ended: without that, the server would wait for it when it closes. */
export interface OpenStream {
  end(): void
  onClose(listener: () => void): void
}

/** Every stream that is open, so that a shutdown can end them, and a token that is revoked those of its own. */
export class OpenStreams {
  readonly #open = new Map<OpenStream, () => boolean>()

  /** @param allowed whether who reads it still may */
  add(stream: OpenStream, allowed: () => boolean): void {
    this.#open.set(stream, allowed)
    stream.onClose(() => this.#open.delete(stream))
  }

  /** Tokens, roles, or what they are about have changed: end what is no longer allowed. */
  endForbidden(): void {
    for (const [stream, allowed] of this.#open) if (!allowed()) stream.end()
  }

  get size(): number {
    return this.#open.size
  }

  endAll(): void {
    for (const stream of this.#open.keys()) stream.end()
  }
}
