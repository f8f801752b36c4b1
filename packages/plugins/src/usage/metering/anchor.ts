import type { Environment } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import { changeAccount, changeInTurn, closeAccount, openAccount, type Written } from './account.ts'
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
    // What was written of a gap before a death stays: only what it did not know of is missing now.
    const events = [Math.max(lostFrom, (cursor?.seq ?? 0) + 1), point.seq] as const
    const gap = { events, from, to: point.at, environments: 0 }
    return (await this.#bring(point, gap, signal)) ?? gap
  }

  /** @returns the gap, from where on something is not known, of so many environments */
  async #bring(point: AnchorPoint, gap: UsageGap | null, signal: AbortSignal): Promise<UsageGap | null> {
    const at = this.#book.minuteOf(point.at)
    const changes = new Map<string, Written>()
    const unknown: Minute[] = []
    const bring = async (environment: Environment) => {
      const [written, unknownFrom] = await this.#environment(environment, point, at, gap, signal)
      if (unknownFrom !== null) unknown.push(unknownFrom)
      if (written !== null) changes.set(keyOf(environment.id, null), written)
    }
    for (const deleted of [false, true]) {
      for await (const environment of this.#client.environments.iterate({ limit: 1000, deleted }, { signal })) {
        if (environment.kind !== 'attachment') await bring(environment)
      }
    }
    await this.#templates(changes, point, at, signal)
    for (const [key, account] of this.#book.accounts) {
      if (changes.has(key)) continue
      // It may have gone from one list to the other between the two.
      const missed = await this.#things.environment(account.page.environment, signal)
      if (missed !== null) {
        await bring(missed)
        continue
      }
      const isToldLater = await this.#isToldLater(account.page, point, signal)
      if (isToldLater && account.page.environment === null) continue
      const end = gap === null ? at : this.#book.minuteOf(gap.from)
      if (isToldLater || account.isUp || account.unsureFrom !== null) unknown.push(account.unsureFrom ?? end)
      const left = [end, { isUp: false, unsureFrom: null }] as const
      changes.set(key, isToldLater ? changeInTurn(account, left, [at, { unsureFrom: at }]) : closeAccount(account, end))
    }
    const { cursor } = this.#book
    const now = { seq: point.seq, at: Math.max(point.at, cursor?.at ?? 0), since: cursor?.since ?? at }
    const from = unknown.reduce((first, minute) => Math.min(first, minute * minuteMs), gap?.from ?? 0)
    const known = gap && { ...gap, from, environments: unknown.length }
    await this.#book.writeInParts(changes, known, now)
    return known
  }

  /** @returns what is to be written, and from where on something of it is not known; null: all is known */
  async #environment(
    environment: Environment,
    point: AnchorPoint,
    at: Minute,
    gap: UsageGap | null,
    signal: AbortSignal,
  ): Promise<[Written | null, Minute | null]> {
    const { id, createdAt, stateChangedAt, revision } = environment
    const { template, known } = await this.#things.listed(environment, signal)
    const account = this.#book.accounts.get(keyOf(id, null))
    const isSure = revision <= point.seq
    const since = this.#book.minuteOf(Date.parse(stateChangedAt))
    if (account === undefined) {
      // Its first event is yet to come.
      if (!isSure && Date.parse(createdAt) > point.at) return [null, null]
      const begun = Math.min(this.#book.minuteOf(Date.parse(createdAt)), at)
      const opened = openAccount({ environment: id, template }, gap === null ? at : begun, { ...known, isUp: false })
      const next = isSure ? changeAccount(opened, since, { isUp: known.isUp }) : changeAccount(opened, at, { unsureFrom: at })
      return [next, gap === null || (isSure && stateChangedAt === createdAt) ? null : begun]
    }
    const { unsureFrom } = account
    const gapFrom = gap === null ? at : this.#book.minuteOf(gap.from)
    const { face, svms, mebibytes, isUp } = known
    // Nothing has changed its state since before the gap: it went on.
    if (isSure && (gap === null || Date.parse(stateChangedAt) <= gap.from)) {
      const settled = { isUp, unsureFrom: null }
      const next = changeInTurn(account, [Math.max(since, unsureFrom ?? 0), settled], [at, { face, svms, mebibytes }])
      return [next, unsureFrom !== null && unsureFrom < since ? unsureFrom : null]
    }
    const left = { isUp: false, unsureFrom: null }
    const came = isSure ? { isUp, unsureFrom: null } : { isUp: false, unsureFrom: at }
    const next = changeInTurn(account, [gapFrom, left], [isSure ? since : at, { face, svms, mebibytes, ...came }])
    return [next, unsureFrom ?? gapFrom]
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
