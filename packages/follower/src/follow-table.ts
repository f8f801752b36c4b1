import type { TableDelta, TableEntries, TableKind, TableMessage, TableSnapshot } from '@standin/client'
import { delayBefore, pause } from '@standin/client/backoff'
import { StandinError } from '@standin/client/errors'
import { AddressWatch } from './address-watch.ts'
import { ControlLink, type ControlOptions } from './control-link.ts'
import type { Log } from './log.ts'
import { type FollowerStatus, type LinkState, linkTransitions } from './status.ts'
import { type DeltaMeta, type SnapshotMeta, Table } from './table.ts'
import { readTableFile, removeLeftovers } from './table-file.ts'
import { TableSaver } from './table-saver.ts'

export interface FollowerOptions<K extends TableKind> extends ControlOptions {
  readonly kind: K
  /** Where the last good table is kept, `gateway/routes.json` below the home. */
  readonly cacheFile: string
  /** Everything that was known before is void. */
  readonly onSnapshot: (snapshot: TableSnapshot<TableEntries[K]>, meta: SnapshotMeta) => void
  /** One entry is new, replaced or gone. Each delta comes once, in order; it is of the snapshot's epoch. */
  readonly onDelta: (delta: TableDelta<TableEntries[K]>, meta: DeltaMeta) => void
  readonly onStatus?: ((status: FollowerStatus) => void) | undefined
  readonly log: Log
  readonly signal?: AbortSignal | undefined
  /** Milliseconds without a heartbeat after which a link is dead; default: three heartbeats. */
  readonly silenceMs?: number | undefined
}

export interface Follower {
  readonly status: FollowerStatus
  /** Control itself, for waking and for reporting activity. */
  readonly control: ControlLink
  /** Stop following and write what is not yet written. The signal does the same; call it to wait for the end. */
  close(): Promise<void>
}

const backoff = { first: 40, max: 1_000 }

/**
 * Keep a table up to date: serve the last good one from disk at once, then follow control's, for ever. Resolves when
 * the one from disk, if any, was handed to `onSnapshot`; control need not be there.
 */
export async function followTable<K extends TableKind>(options: FollowerOptions<K>): Promise<Follower> {
  const follower = new TableFollower(options)
  await follower.load()
  follower.start()
  return follower
}

class TableFollower<K extends TableKind> implements Follower {
  readonly control: ControlLink
  readonly #options: FollowerOptions<K>
  readonly #table = new Table<TableEntries[K]>()
  readonly #saver: TableSaver<TableEntries[K]>
  readonly #stop = new AbortController()
  readonly #address: AddressWatch
  #link: { state: LinkState; since: number; reason: string | null } = { state: 'connecting', since: Date.now(), reason: null }
  /** Ends the pause before the next attempt. */
  #nudge = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(options: FollowerOptions<K>) {
    this.#options = options
    this.control = new ControlLink(options)
    this.#address = new AddressWatch(this.control.addressFile, () => this.#nudge.abort())
    this.#saver = new TableSaver(options.cacheFile, options.kind, () => this.#table.snapshot(), options.log)
  }

  get status(): FollowerStatus {
    const { state: link, since, reason } = this.#link
    const { source, epoch, revision, size: entries } = this.#table
    return { link, since, reason, source, epoch, revision, entries }
  }

  async load(): Promise<void> {
    const { cacheFile, kind, log } = this.#options
    await removeLeftovers(cacheFile)
    try {
      const snapshot = await readTableFile<TableEntries[K]>(cacheFile, kind)
      if (snapshot === undefined) return
      this.#replace(snapshot, 'cache')
      log.info({ entries: snapshot.items.length, revision: snapshot.revision }, `the last good ${kind} were read from disk`)
    } catch (error) {
      log.warn({ file: cacheFile }, `${cacheFile} is of no use: ${(error as Error).message}; starting without it`)
    }
  }

  start(): void {
    const { signal } = this.#options
    signal?.addEventListener('abort', () => void this.close(), { once: true })
    if (signal?.aborted) void this.close()
    else this.#running = this.#follow()
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#stop.abort()
      await this.#running
      this.#address.close()
      await this.#saver.flush()
      this.#become('closed')
    })()
    return this.#closed
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; attempt++) {
      const opened = Date.now()
      try {
        await this.#watchOnce()
        this.#become('lost', 'the stream ended')
      } catch (error) {
        if (signal.aborted) return
        this.#become('lost', wordsOf(error))
      }
      if (Date.now() - opened > backoff.max) attempt = 0
      this.#address.start()
      this.#nudge = new AbortController()
      await pause(delayBefore(attempt, backoff), AbortSignal.any([signal, this.#nudge.signal])).catch(() => undefined)
      if (!signal.aborted) this.#become('connecting')
    }
  }

  async #watchOnce(): Promise<void> {
    const { kind, silenceMs } = this.#options
    const { epoch, revision } = this.#table
    const client = await this.control.client()
    const after = epoch === null ? undefined : { epoch, revision }
    const onOpen = () => this.#become('following')
    for await (const message of client.tables.watch(kind, { after, silenceMs, signal: this.#stop.signal, onOpen })) this.#apply(message)
  }

  #apply(message: TableMessage<TableEntries[K]>): void {
    if (message.type === 'snapshot') {
      this.#replace(message.snapshot, 'control')
      this.#saver.touch()
    } else if (message.type === 'delta') {
      if (!this.#table.apply(message.delta)) return
      const { epoch, nextId } = this.#table
      this.#guard(() => this.#options.onDelta(message.delta, { epoch: epoch ?? '', nextId }))
      this.#saver.touch()
    } else if (message.revision < this.#table.revision) {
      // A store that was put back to an earlier day under the same name. What we hold never was, for it.
      this.#table.epoch = null
      throw new StandinError('unreachable', `control is at revision ${message.revision}, behind ${this.#table.revision}, which was applied`)
    } else {
      this.#table.confirm(message.revision)
    }
  }

  #replace(snapshot: TableSnapshot<TableEntries[K]>, source: SnapshotMeta['source']): void {
    this.#table.replace(snapshot, source)
    this.#guard(() => this.#options.onSnapshot(snapshot, { source }))
  }

  /** A consumer's fault with one entry must not keep the others from it. */
  #guard(hand: () => void): void {
    try {
      hand()
    } catch (error) {
      this.#options.log.error({ err: error }, `a change of the ${this.#options.kind} could not be applied`)
    }
  }

  #become(state: LinkState, reason: string | null = null): void {
    const { kind, log, onStatus } = this.#options
    const before = this.#link
    if (!linkTransitions[before.state].includes(state)) return
    this.#link = { state, since: Date.now(), reason: reason ?? (state === 'connecting' ? before.reason : null) }
    // Only the first of many attempts in vain is worth a line.
    if (state === 'lost' && before.reason === null) log.warn({ reason }, `control is lost: serving the ${kind} as they are`)
    if (state === 'following') log.info({ revision: this.#table.revision, entries: this.#table.size }, `following the ${kind} of control`)
    onStatus?.(this.status)
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
