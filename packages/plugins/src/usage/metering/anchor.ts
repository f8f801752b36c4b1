import type { Environment } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import { changeAccount, closeAccount, openAccount, type Written } from './account.ts'
import { type Book, keyOf } from './book.ts'
import type { KnownThings } from './known-things.ts'
import type { Minute } from './page.ts'
import { minuteMs, type UsageGap } from './usage-span.ts'

/** Where events go on without a gap. */
export interface AnchorPoint {
  /** Sequence number of the last event that will not come. */
  readonly seq: number
  /** When the first event after it came, ms since the epoch; now, where none has come yet. */
  readonly at: number
}

/** @param after a sequence number @param now ms since the epoch */
export async function anchorAfter(client: StandinClient, after: number, now: number, signal: AbortSignal): Promise<AnchorPoint> {
  const { items, first } = await client.events.list({ after, limit: 1 }, { signal })
  return { seq: Math.max(after, first - 1), at: items[0] === undefined ? now : Date.parse(items[0].at) }
}

/**
 * Bring the book to what is known at a point in the log, where metering begins or where events are missing. What an
 * environment was there is known from the list of all if nothing has changed it since; if something has, its next event
 * tells what it was before, until when it is unsure.
 *
 * Of a gap is billed what is known: what has not changed its state since before the gap went on as it was, what changed it
 * did so when it says. What was in between is not known; nobody pays SVMs for that.
 */
export class Anchor {
  readonly #client: StandinClient
  readonly #book: Book
  readonly #things: KnownThings

  constructor(client: StandinClient, book: Book, things: KnownThings) {
    this.#client = client
    this.#book = book
    this.#things = things
  }

  /** Metering begins. */
  async begin(point: AnchorPoint, signal: AbortSignal): Promise<void> {
    await this.#bring(point, null, signal)
  }

  /** @param lostFrom sequence number of the first event that will not come */
  async afterGap(point: AnchorPoint, lostFrom: number, signal: AbortSignal): Promise<UsageGap> {
    const { cursor, bounds } = this.#book
    const from = Math.min(Math.max(cursor?.at ?? point.at, bounds.closedTo * minuteMs), point.at)
    const gap = { events: [lostFrom, point.seq], from, to: point.at, environments: 0 } as const
    return { ...gap, environments: await this.#bring(point, gap, signal) }
  }

  /** @returns of how many environments something is not known */
  async #bring(point: AnchorPoint, gap: UsageGap | null, signal: AbortSignal): Promise<number> {
    const at = this.#book.minuteOf(point.at)
    const changes = new Map<string, Written>()
    let unknown = 0
    for (const deleted of [false, true]) {
      for await (const environment of this.#client.environments.iterate({ limit: 1000, deleted }, { signal })) {
        if (environment.kind === 'attachment') continue
        const [written, isKnown] = await this.#environment(environment, point, at, gap, signal)
        if (!isKnown) unknown += 1
        if (written !== null) changes.set(keyOf(environment.id, null), written)
      }
    }
    await this.#templates(changes, point, at, signal)
    for (const [key, account] of this.#book.accounts) {
      if (changes.has(key)) continue
      // It may have gone from one list to the other between the two.
      const missed = await this.#things.environment(account.page.environment, signal)
      if (missed !== null) {
        const [written, isKnown] = await this.#environment(missed, point, at, gap, signal)
        if (!isKnown) unknown += 1
        if (written !== null) changes.set(key, written)
      } else if (!(await this.#isToldLater(account.page, point, signal))) {
        unknown += account.isUp ? 1 : 0
        changes.set(key, closeAccount(account, gap === null ? at : this.#book.minuteOf(gap.from)))
      }
    }
    const { cursor } = this.#book
    const now = { seq: point.seq, at: Math.max(point.at, cursor?.at ?? 0), since: cursor?.since ?? at }
    await this.#book.writeInParts(changes, gap && { ...gap, environments: unknown }, now)
    return unknown
  }

  /** @returns what is to be written, and whether all of it is known */
  async #environment(
    environment: Environment,
    point: AnchorPoint,
    at: Minute,
    gap: UsageGap | null,
    signal: AbortSignal,
  ): Promise<[Written | null, boolean]> {
    const { id, createdAt, stateChangedAt, revision } = environment
    const { template, known } = await this.#things.listed(environment, signal)
    const account = this.#book.accounts.get(keyOf(id, null))
    const isSure = revision <= point.seq
    if (account === undefined) {
      // Its first event is yet to come.
      if (!isSure && Date.parse(createdAt) > point.at) return [null, true]
      const begun = this.#book.minuteOf(Date.parse(createdAt))
      const opened = openAccount({ environment: id, template }, gap === null ? at : Math.min(begun, at), { ...known, isUp: false })
      const since = this.#book.minuteOf(Date.parse(stateChangedAt))
      const next = isSure ? changeAccount(opened, since, { isUp: known.isUp }) : changeAccount(opened, at, { unsureFrom: at })
      return [next, gap === null || (isSure && stateChangedAt === createdAt)]
    }
    const gapFrom = gap === null ? at : this.#book.minuteOf(gap.from)
    const { face, svms, mebibytes, isUp } = known
    // Nothing has changed its state since before the gap: it went on.
    const goesOn = isSure && (gap === null || Date.parse(stateChangedAt) <= gap.from)
    if (goesOn) return [changeAccount(account, at, { face, svms, mebibytes, isUp, unsureFrom: null }), true]
    const left = changeAccount(account, gapFrom, { isUp: false, unsureFrom: null })
    const since = isSure ? this.#book.minuteOf(Date.parse(stateChangedAt)) : at
    const next = changeAccount(left.account ?? account, since, {
      face,
      svms,
      mebibytes,
      isUp: isSure && isUp,
      unsureFrom: isSure ? null : at,
    })
    return [{ account: next.account, full: [...left.full, ...next.full] }, false]
  }

  async #templates(changes: Map<string, Written>, point: AnchorPoint, at: Minute, signal: AbortSignal): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#client.templates.list({ limit: 1000, cursor }, { signal })
      for (const template of page.items) {
        const { ref, createdAt } = template
        const key = keyOf(null, ref)
        const account = this.#book.accounts.get(key)
        if (account !== undefined) changes.set(key, { account, full: [] })
        else if (Date.parse(createdAt) <= point.at) {
          const from = this.#book.cursor === null ? at : Math.min(at, this.#book.minuteOf(Date.parse(createdAt)))
          const opened = openAccount({ environment: null, template: ref }, from, this.#things.stored(template))
          changes.set(key, { account: opened, full: [] })
        }
      }
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /** Whether an event that is yet to come says that it is gone. */
  async #isToldLater(
    { environment, template }: { environment: number | null; template: string | null },
    { seq }: AnchorPoint,
    signal: AbortSignal,
  ) {
    if (environment !== null) {
      const { items } = await this.#client.events.list({ environment, type: 'environment.purged', after: seq, limit: 1 }, { signal })
      return items.length > 0
    }
    for (let after = seq; ; ) {
      const { items } = await this.#client.events.list({ type: 'template.deleted', after, limit: 1000 }, { signal })
      if (items.some(({ data }) => data.ref === template)) return true
      const last = items.at(-1)
      if (last === undefined) return false
      after = last.seq
    }
  }
}
