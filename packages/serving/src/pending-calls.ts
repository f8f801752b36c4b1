/** Questions that were sent to another process, each with the number that its answer will have. */
export class PendingCalls<T> {
  readonly #calls = new Map<number, { resolve: (value: T) => void; reject: (error: Error) => void }>()
  #last = 0
  #closed: Error | null = null

  /** @param send is given the number @returns the answer, once it has come */
  ask(send: (call: number) => void): { readonly call: number; readonly answer: Promise<T> } {
    const call = ++this.#last
    if (this.#closed !== null) return { call, answer: Promise.reject(this.#closed) }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#calls.set(call, { resolve, reject })
    send(call)
    return { call, answer: promise }
  }

  resolve(call: number, value: T): void {
    this.#calls.get(call)?.resolve(value)
    this.#calls.delete(call)
  }

  reject(call: number, error: Error): void {
    this.#calls.get(call)?.reject(error)
    this.#calls.delete(call)
  }

  /** Whom they were asked is gone, and will not come back. */
  close(error: Error): void {
    this.#closed = error
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
  }
}
