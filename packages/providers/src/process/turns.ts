/** Work on one environment is done one after the other, in the order in which it was asked for. */
export class Turns {
  readonly #last = new Map<number, Promise<unknown>>()

  take<T>(id: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(id) ?? Promise.resolve()
    const result = before.then(work)
    const settled = result.catch(() => {})
    this.#last.set(id, settled)
    void settled.then(() => {
      if (this.#last.get(id) === settled) this.#last.delete(id)
    })
    return result
  }
}
