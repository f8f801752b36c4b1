import type { ControlPort } from '../control-port.ts'

/** How long a wake that control has accepted counts for those who ask for the same one, ms. */
const rememberMs = 5_000

interface Wake {
  readonly result: Promise<void>
  readonly abort: AbortController
  waiting: number
}

/** One wake per environment, whoever of the workers asks for it and however often. */
export class WakeOnce {
  readonly #control: Pick<ControlPort, 'wake'>
  readonly #wakes = new Map<number, Wake>()

  constructor(control: Pick<ControlPort, 'wake'>) {
    this.#control = control
  }

  /** @param signal this one no longer waits; when nobody does, control is no longer asked */
  async wake(environment: number, reason: string, signal: AbortSignal): Promise<void> {
    const wake = this.#wakes.get(environment) ?? this.#ask(environment, reason)
    wake.waiting++
    const leave = () => {
      if (--wake.waiting === 0) wake.abort.abort()
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      await wake.result
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** Its entry in the table is another one: what was asked before counts no longer. */
  settle(environment: number): void {
    this.#wakes.delete(environment)
  }

  #ask(environment: number, reason: string): Wake {
    const abort = new AbortController()
    const wake: Wake = { result: this.#control.wake(environment, reason, abort.signal), abort, waiting: 0 }
    this.#wakes.set(environment, wake)
    const forget = () => {
      if (this.#wakes.get(environment) === wake) this.#wakes.delete(environment)
    }
    abort.signal.addEventListener('abort', forget, { once: true })
    // A refusal is no answer for those who ask later: control may be there by then.
    wake.result.then(() => setTimeout(forget, rememberMs).unref(), forget)
    return wake
  }
}
