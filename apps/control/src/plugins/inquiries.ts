import { type Environment, type PluginSection, StandinError } from '@standin/client'
import type { AdmissionRequest, Clock, Logger, PluginHooks } from '@standin/core'
import { refusalIn } from './admission.ts'
import { type Asker, Question } from './question.ts'
import { readSection } from './sections.ts'

/** What can be asked of a plugin that runs. */
interface Asked {
  readonly hooks: Pick<PluginHooks, 'admit' | 'section'>
  readonly ask: Asker
}

export interface InquiriesParts {
  readonly plugin: string
  readonly clock: Clock
  readonly log: Logger
  readonly limits: { readonly admitMs: number; readonly sectionMs: number }
  /** Undefined: it does not run. */
  readonly running: () => Asked | undefined
  /** It has begun, or failed to, for the first time. */
  readonly tried: () => Promise<void>
}

/** Sections of one plugin that are asked for at once; who asks beyond that gets an answer without it. */
const mostSections = 16

/** What one plugin is asked while somebody waits, through all of its lives. Never throws but a refusal. */
export class Inquiries {
  readonly id: string
  readonly #parts: InquiriesParts
  readonly #admit: Question
  readonly #section: Question
  #isTried = false
  /** Of its last life. */
  #hadAdmit = false
  #sections = 0

  constructor(parts: InquiriesParts) {
    this.id = parts.plugin
    this.#parts = parts
    const { plugin, clock, log, limits, tried } = parts
    this.#admit = new Question({ plugin, hook: 'admit', clock, log, limitMs: limits.admitMs })
    this.#section = new Question({ plugin, hook: 'section', clock, log, limitMs: limits.sectionMs })
    void tried().then(() => {
      this.#isTried = true
    })
  }

  /** Why it did not answer when it was asked last; null: it did. */
  get trouble(): string | null {
    return this.#admit.trouble ?? this.#section.trouble
  }

  /** Whether it has something to say about what may be made and run; of one that has not begun yet nobody knows. */
  get mayRefuse(): boolean {
    const asked = this.#parts.running()
    if (asked !== undefined) this.#hadAdmit = asked.hooks.admit !== undefined
    return this.#hadAdmit || !this.#isTried
  }

  /** @throws Refusal */
  async admit(request: AdmissionRequest): Promise<void> {
    const { plugin, running, limits } = this.#parts
    if (!this.#isTried) await this.#untilTried(limits.admitMs)
    const asked = running()
    if (asked === undefined) {
      if (this.mayRefuse) this.#admit.report(new StandinError('plugin_failed', 'it does not run, and what it would refuse is let through'))
      return
    }
    const { hooks, ask } = asked
    if (hooks.admit === undefined) return
    const refusable = async (signal: AbortSignal): Promise<unknown> => {
      try {
        return await hooks.admit?.(request, { signal })
      } catch (error) {
        throw refusalIn(plugin, error) ?? error
      }
    }
    await this.#admit.put(ask, refusable, (answer) => {
      if (answer !== undefined) throw new Error('it returned something: what it refuses has to be thrown')
    })
  }

  async section(environment: Environment): Promise<PluginSection | null> {
    const asked = this.#parts.running()
    if (asked?.hooks.section === undefined || this.#sections >= mostSections) return null
    const { hooks, ask } = asked
    this.#sections += 1
    try {
      const section = await this.#section.put(ask, async (signal) => hooks.section?.(environment, { signal }), readSection)
      return section ?? null
    } finally {
      this.#sections -= 1
    }
  }

  async #untilTried(mostMs: number): Promise<void> {
    const timer = Promise.withResolvers<void>()
    const timeout = setTimeout(timer.resolve, mostMs)
    await Promise.race([this.#parts.tried(), timer.promise])
    clearTimeout(timeout)
  }
}
