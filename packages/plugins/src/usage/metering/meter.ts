import type { Environment, EnvironmentState, Event } from '@standin/client'
import type { Logger } from '@standin/core'
import { type Account, changeAccount, closeAccount, openAccount, settleAccount, type Written } from './account.ts'
import { type Book, type BookCursor, keyOf } from './book.ts'
import { faceOf, type KnownThings, wholeMebibytes } from './known-things.ts'
import type { Minute } from './page.ts'
import { holdsHosts } from './svms.ts'

/** Those that change what is billed, and those by which what is unsure is known. */
export const meteredEvents = [
  'environment.created',
  'environment.desired',
  'environment.state',
  'environment.changed',
  'environment.purged',
  'template.created',
  'template.deleted',
] as const satisfies readonly Event['type'][]

/** Makes of each event what it changes in the book, once. */
export class Meter {
  readonly #book: Book
  readonly #things: KnownThings
  readonly #log: Logger
  /** Of the last event that was looked at, whether it changed anything or not. */
  #seen = 0
  /** Attachments, which run elsewhere, and what was gone before it was known. */
  readonly #passedOver = new Set<number>()

  constructor(book: Book, things: KnownThings, log: Logger) {
    this.#book = book
    this.#things = things
    this.#log = log
  }

  /** Sequence number up to which all is done. */
  get seen(): number {
    return Math.max(this.#seen, this.#book.cursor?.seq ?? 0)
  }

  async handle(event: Event, signal: AbortSignal): Promise<void> {
    await this.#book.load()
    const { cursor } = this.#book
    if (cursor === null || event.seq <= cursor.seq) return
    const at = Date.parse(event.at)
    const minute = this.#book.minuteOf(at)
    const changes = await this.#changesOf(event, minute, signal)
    // An event that changes nothing may be looked at again.
    if (changes.size > 0) await this.#book.write(changes, after(cursor, event.seq, at))
    this.#seen = event.seq
  }

  async #changesOf(event: Event, minute: Minute, signal: AbortSignal): Promise<Map<string, Written>> {
    switch (event.type) {
      case 'template.created':
      case 'template.deleted':
        return this.#templateChanges(event, minute, signal)
      default:
        return this.#environmentChanges(event, minute, signal)
    }
  }

  async #templateChanges({ type, data }: Event, minute: Minute, signal: AbortSignal): Promise<Map<string, Written>> {
    const ref = String(data.ref)
    const key = keyOf(null, ref)
    const account = this.#book.accounts.get(key)
    if (type === 'template.deleted') return new Map(account === undefined ? [] : [[key, closeAccount(account, minute)]])
    const template = account === undefined ? await this.#things.template(ref, signal) : null
    if (template === null) return new Map()
    return new Map([[key, { account: openAccount({ environment: null, template: ref }, minute, template), full: [] }]])
  }

  async #environmentChanges(event: Event, minute: Minute, signal: AbortSignal): Promise<Map<string, Written>> {
    const { environment: id } = event
    if (id === null || this.#passedOver.has(id)) return new Map()
    const key = keyOf(id, null)
    const before = this.#book.accounts.get(key)
    // What began in the very moment in which metering did was listed as it is now; the event knows how it began.
    const isTold = event.type === 'environment.created' && before?.unsureFrom === before?.page.last
    if (before === undefined || isTold) {
      const account = await this.#begin(event, id, minute, signal)
      if (account === null) this.#passedOver.add(id)
      return new Map(account === null ? [] : [[key, { account, full: [] }]])
    }
    const settled = settleAccount(before, stateBefore(event))
    const changed = await this.#change(settled.account, event, minute, signal)
    const full = [...settled.full, ...changed.full]
    return changed.account === before && full.length === 0 ? new Map() : new Map([[key, { account: changed.account, full }]])
  }

  async #begin(event: Event, id: number, minute: Minute, signal: AbortSignal): Promise<Account | null> {
    const { type, state, seq } = event
    if (type === 'environment.purged') return null
    if (type === 'environment.created') {
      const created = await this.#things.created(event, signal)
      return created && openAccount({ environment: id, template: created.template }, minute, created.known)
    }
    const environment = await this.#things.environment(id, signal)
    if (environment === null) {
      // It began in events that were lost and was purged meanwhile: nobody can tell whose it was.
      this.#log.warn({ environment: id, seq }, `environment ${id} was purged before it was known, and is not metered`)
    }
    if (environment === null || environment.kind === 'attachment') return null
    const { template, known } = await this.#things.listed(environment, signal)
    return openAccount({ environment: id, template }, minute, { ...known, isUp: holdsHosts[state ?? environment.state] })
  }

  async #change(account: Account, event: Event, minute: Minute, signal: AbortSignal): Promise<Written> {
    const { type, data } = event
    switch (type) {
      case 'environment.state':
        return changeIfNew(account, minute, { isUp: holdsHosts[data.to as EnvironmentState] })
      case 'environment.purged':
        return closeAccount(account, minute)
      case 'environment.changed':
        return this.#changeFace(account, event, minute, signal)
      default:
        return { account, full: [] }
    }
  }

  /** Events say the new values; those of earlier versions only which ones are new. */
  async #changeFace(account: Account, { data, environment: id }: Event, minute: Minute, signal: AbortSignal): Promise<Written> {
    const { fields } = data as { fields: readonly string[] }
    const billed = (['name', 'owner', 'labels', 'storageBytes'] as const).filter((field) => fields.includes(field))
    if (billed.length === 0) return { account, full: [] }
    let told = data as Partial<Pick<Environment, (typeof billed)[number] | 'ownerId'>>
    if (billed.some((field) => told[field] === undefined)) told = (await this.#things.environment(id, signal)) ?? told
    const has = (field: (typeof billed)[number]) => billed.includes(field)
    const { name, owner, ownerId, labels } = account.face
    const isNew = has('name') || has('owner') || has('labels')
    return changeIfNew(account, minute, {
      ...(isNew
        ? {
            face: faceOf(
              (has('name') ? told.name : undefined) ?? name,
              (has('owner') ? told.owner : undefined) ?? owner,
              (has('labels') ? told.labels : undefined) ?? labels,
              has('owner') ? told.ownerId : ownerId,
            ),
          }
        : {}),
      ...(has('storageBytes') && told.storageBytes !== undefined ? { mebibytes: wholeMebibytes(told.storageBytes) } : {}),
    })
  }
}

/** @returns the account itself where nothing of it changes */
function changeIfNew(account: Account, minute: Minute, patch: Partial<Account>): Written {
  const isNew = (Object.keys(patch) as (keyof Account)[]).some((key) => patch[key] !== account[key])
  return isNew ? changeAccount(account, minute, patch) : { account, full: [] }
}

/** In which state its environment was when an event came. */
function stateBefore({ type, data, state }: Event): EnvironmentState {
  return type === 'environment.state' ? (data.from as EnvironmentState) : (state ?? 'failed')
}

function after(cursor: BookCursor, seq: number, at: number): BookCursor {
  // It says from when on nothing is known should events be lost: no clock that goes back makes that earlier.
  return { seq, at: Math.max(at, cursor.at), since: cursor.since }
}
