import type { Event } from '@standin/client'
import { StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { BoardSources, MoneySoFar, QuotaUse } from './board-sources.ts'
import { BoardStreams } from './board-streams.ts'
import { Fleet } from './fleet.ts'
import { putTogether } from './put-together.ts'
import { UsageGauges } from './usage-gauges.ts'
import type { UsageNow } from './usage-now.ts'

/** What changes is shown this soon, and no more often, ms. */
const soonMs = 1_000
/** What has to be counted is counted this often while somebody looks, ms; or so seldom that it takes a fiftieth of the time. */
const countMs = 60_000
/** And this often while nobody does, for the metrics, ms. */
const unseenMs = 5 * 60_000

interface Counted {
  readonly money: MoneySoFar | null
  readonly quotas: readonly QuotaUse[]
}

interface Heard {
  readonly failed: UsageNow['failed']
  readonly next: UsageNow['next']
}

/** What the plugin suspend answers. */
interface Upcoming {
  readonly dryRun: boolean
  readonly items: NonNullable<UsageNow['next']>
}

/** Keeps what the board and the metrics show. */
export class UsageBoard {
  readonly streams = new BoardStreams()
  readonly #context: PluginContext
  readonly #sources: BoardSources
  readonly #fleet: Fleet
  readonly #gauges: UsageGauges
  #signal: AbortSignal = AbortSignal.abort()
  #counted: Counted = { money: null, quotas: [] }
  #countAgainAt = 0
  #heard: Heard = { failed: [], next: null }
  #hearAgainAt = 0
  #lookedAt = 0
  #staleSince: number | null = null
  #isDueSoon = false
  #refreshing: Promise<void> | undefined

  constructor(context: PluginContext, sources: BoardSources) {
    this.#context = context
    this.#sources = sources
    this.#fleet = new Fleet(context.client)
    this.#gauges = new UsageGauges(context.metrics)
  }

  /** From now on, until the signal fires. */
  start(signal: AbortSignal): void {
    this.#signal = signal
    signal.addEventListener('abort', () => this.streams.end(), { once: true })
    this.#everyMinute(signal).catch((error: unknown) => signal.aborted || this.#context.log.error({ err: error }, 'the board stands still'))
  }

  /** Of every event that the plugin is given. */
  note(event: Event): void {
    this.#fleet.note(event)
    if (this.#fleet.isBehind && this.streams.size > 0) this.#refreshSoon()
  }

  /** Events went by unseen. */
  forget(): void {
    this.#fleet.forget()
  }

  async now(): Promise<UsageNow> {
    await this.#refresh(true)
    // The one that was under way may have been for the metrics alone.
    if (this.#context.clock.now() >= this.#hearAgainAt) await this.#refresh(true)
    return this.#view()
  }

  /** Somebody looks from now on. */
  async show(): Promise<void> {
    this.streams.publish('now', await this.now())
  }

  async #everyMinute(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    while (!signal.aborted) {
      if (this.streams.size > 0 || clock.now() >= this.#lookedAt + unseenMs) await this.#refreshAndTell()
      await clock.sleep(countMs - (clock.now() % countMs), signal)
    }
  }

  #refreshSoon(): void {
    if (this.#isDueSoon) return
    this.#isDueSoon = true
    const { clock } = this.#context
    const wait = Math.max(0, this.#lookedAt + soonMs - clock.now())
    const due = wait === 0 ? Promise.resolve() : clock.sleep(wait, this.#signal)
    due
      .then(() => {
        this.#isDueSoon = false
        return this.#refreshAndTell()
      })
      .catch((error: unknown) => this.#signal.aborted || this.#context.log.warn({ err: error }, 'the board can not be brought up to date'))
  }

  async #refreshAndTell(): Promise<void> {
    const isSeen = this.streams.size > 0
    await this.#refresh(isSeen)
    if (isSeen) this.streams.publish('now', this.#view())
  }

  /** Never throws but when it is stopped: what can't be asked stays as it was, and is shown as stale. */
  #refresh(isSeen: boolean): Promise<void> {
    this.#refreshing ??= this.#refreshOnce(isSeen).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refreshOnce(isSeen: boolean): Promise<void> {
    const { clock, log } = this.#context
    const signal = this.#signal
    try {
      this.#lookedAt = clock.now()
      if (this.#fleet.isBehind) await this.#fleet.refresh(signal)
      if (clock.now() >= this.#countAgainAt) {
        const begun = performance.now()
        const [money, quotas] = await Promise.all([this.#sources.money(signal), this.#sources.quotas(signal)])
        this.#counted = { money, quotas }
        this.#countAgainAt = this.#minuteAfter(50 * (performance.now() - begun))
      }
      if (isSeen && clock.now() >= this.#hearAgainAt) {
        const begun = performance.now()
        this.#heard = { failed: await this.#failing(signal), next: await this.#next(signal) }
        this.#hearAgainAt = this.#minuteAfter(50 * (performance.now() - begun))
      }
      this.#gauges.set([...this.#fleet.members], [...this.#sources.ledger.current()], this.#counted)
      this.#staleSince = null
    } catch (error) {
      signal.throwIfAborted()
      this.#staleSince ??= clock.now()
      log.warn({ err: error }, 'the board can not be brought up to date')
    }
  }

  /** At the beginning of a minute, not somewhere in it: money is counted by the minute. */
  #minuteAfter(ms: number): number {
    return Math.floor((this.#context.clock.now() + Math.max(countMs, ms)) / countMs) * countMs
  }

  async #failing(signal: AbortSignal): Promise<UsageNow['failed']> {
    const { items } = await this.#context.client.plugins.list({ signal })
    const now = new Date(this.#context.clock.now()).toISOString()
    return items
      .filter(({ health }) => health === 'failing')
      .map(({ id, message }) => {
        const known = this.#heard.failed.find(({ name }) => name === `plugin ${id}`)
        return { environment: null, name: `plugin ${id}`, owner: '', message: message ?? '', since: known?.since ?? now }
      })
  }

  async #next(signal: AbortSignal): Promise<UsageNow['next']> {
    try {
      const { client } = this.#context
      const { dryRun, items } = await client.plugins.ask<Upcoming>('suspend', '/next?limit=20', { signal })
      return dryRun ? null : items
    } catch (error) {
      // There is none, or it is not well: its own health tells.
      if (error instanceof StandinError && ['plugin_not_found', 'plugin_failed', 'route_not_found'].includes(error.code)) return null
      throw error
    }
  }

  #view(): UsageNow {
    return putTogether({
      ...this.#counted,
      ...this.#heard,
      at: this.#context.clock.now(),
      timeZone: this.#sources.timeZone,
      staleSince: this.#staleSince,
      members: [...this.#fleet.members],
      spans: [...this.#sources.ledger.current()],
    })
  }
}
