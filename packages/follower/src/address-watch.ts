import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Tells when control has written down a new address, so that nobody waits out a pause while it is there already. */
export class AddressWatch {
  readonly #file: string | undefined
  readonly #onChange: () => void
  #watcher: FSWatcher | undefined

  constructor(file: string | undefined, onChange: () => void) {
    this.#file = file
    this.#onChange = onChange
  }

  /** May be called again and again: the folder need not be there yet. */
  start(): void {
    if (this.#file === undefined || this.#watcher !== undefined) return
    const name = basename(this.#file)
    try {
      const watcher = watch(dirname(this.#file), { persistent: false }, (_, changed) => {
        if (changed === name) this.#onChange()
      })
      watcher.on('error', () => this.close())
      this.#watcher = watcher
    } catch {
      // The pause between attempts is the fallback.
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}
