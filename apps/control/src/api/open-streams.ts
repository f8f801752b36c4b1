/** Something that lasts until it is ended: without that, the server would wait for it when it closes. */
export interface OpenStream {
  end(): void
  onClose(listener: () => void): void
}

/** Every stream that is open, so that a shutdown can end them. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>()

  add(stream: OpenStream): void {
    this.#open.add(stream)
    stream.onClose(() => this.#open.delete(stream))
  }

  get size(): number {
    return this.#open.size
  }

  endAll(): void {
    for (const stream of this.#open) stream.end()
  }
}
