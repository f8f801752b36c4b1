import { StandinError } from '@standin/client'
import type { AdmissionRequest } from '@standin/core'
import { plainText } from './plain-text.ts'
import { Refusal } from './question.ts'

/** A plugin as it is asked. */
export interface Admitting {
  readonly id: string
  /** Does nothing where it has no `admit`, does not run, or fails. @throws Refusal */
  admit(request: AdmissionRequest): Promise<void>
  /** Whether there is anything to ask it. */
  readonly mayRefuse: boolean
}

/**
 * Asks the plugins, in their order, whether something may be made or run. One is asked after the other, and what was admitted
 * is written down before anybody is asked again: two that ask at the same moment don't both get the last place.
 */
export class Admission {
  readonly #plugins: () => readonly Admitting[]
  #last: Promise<unknown> = Promise.resolve()

  constructor(plugins: () => readonly Admitting[]) {
    this.#plugins = plugins
  }

  /**
   * @param write makes it so, once it is admitted
   * @throws StandinError `quota_exceeded`, `not_admitted`; what `write` throws
   */
  async admit<T>(request: AdmissionRequest, write: () => T): Promise<T> {
    return this.#inTurn(async () => {
      const refusal = await this.#ask(request)
      if (refusal !== null) throw refusal.refused
      return write()
    })
  }

  /** Who would not admit it, and why; null: all of them would. */
  async refusalOf(request: AdmissionRequest): Promise<{ readonly plugin: string; readonly refused: StandinError } | null> {
    return this.#inTurn(() => this.#ask(request))
  }

  async #ask(request: AdmissionRequest): Promise<Refusal | null> {
    for (const plugin of this.#plugins()) {
      // What it does itself it has decided already.
      if (!plugin.mayRefuse || request.actor === `plugin:${plugin.id}`) continue
      try {
        await plugin.admit(structuredClone(request))
      } catch (error) {
        if (error instanceof Refusal) return error
        throw error
      }
    }
    return null
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#plugins().some((plugin) => plugin.mayRefuse)) return work()
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}

const refusals: ReadonlySet<unknown> = new Set(['quota_exceeded', 'not_admitted'] as const)

/**
 * What `admit` threw, as a refusal where it is one: by its code, since a plugin may have a copy of its own of the client.
 * @returns null: it failed
 */
export function refusalIn(plugin: string, error: unknown): Refusal | null {
  const { name, code, message, hint } = (error ?? {}) as Partial<Record<'name' | 'code' | 'message' | 'hint', unknown>>
  if (name !== 'StandinError' || !refusals.has(code)) return null
  return new Refusal(
    plugin,
    new StandinError(code as 'quota_exceeded' | 'not_admitted', plainText(String(message), 1000), {
      ...(typeof hint === 'string' ? { hint: plainText(hint, 1000) } : {}),
      cause: error,
    }),
  )
}
