import type { TableDelta, TableSnapshot } from '@standin/client'

export interface SnapshotMeta {
  /** `cache`: the last good one, from disk. */
  readonly source: 'cache' | 'control'
}

export interface DeltaMeta {
  readonly epoch: string
  /** The first configId that was never given out, as far as this table knows. */
  readonly nextId: number
}

interface Entry {
  readonly environment: number
  readonly revision: number
}

/** One table at one revision of one epoch. Entries are replaced, never changed. */
export class Table<T extends Entry> {
  epoch: string | null = null
  revision = 0
  source: 'none' | 'cache' | 'control' = 'none'
  #domain = ''
  #gateway: readonly string[] = []
  #gatewayPort: number | undefined
  #nextId = 0
  readonly #entries = new Map<number, T>()

  get size(): number {
    return this.#entries.size
  }

  get nextId(): number {
    return this.#nextId
  }

  replace(snapshot: TableSnapshot<T>, source: SnapshotMeta['source']): void {
    this.epoch = snapshot.epoch
    this.revision = snapshot.revision
    this.source = source
    this.#domain = snapshot.domain
    this.#gateway = snapshot.gateway
    this.#gatewayPort = snapshot.gatewayPort
    this.#nextId = snapshot.nextId
    this.#entries.clear()
    for (const entry of snapshot.items) this.#entries.set(entry.environment, entry)
  }

  /** @returns false for what was applied before: each entry has its own revision, so nothing hangs on the order among entries */
  apply({ revision, put, remove }: TableDelta<T>): boolean {
    this.confirm(revision)
    const id = put?.environment ?? remove ?? 0
    this.#nextId = Math.max(this.#nextId, id + 1)
    const before = this.#entries.get(id)
    if (put === null ? before === undefined : before !== undefined && before.revision >= put.revision) return false
    if (put === null) this.#entries.delete(id)
    else this.#entries.set(id, put)
    return true
  }

  /** All up to this revision was applied. */
  confirm(revision: number): void {
    this.revision = Math.max(this.revision, revision)
    this.source = 'control'
  }

  /** Copies the list, not the entries. */
  snapshot(): TableSnapshot<T> | undefined {
    if (this.epoch === null) return undefined
    return {
      epoch: this.epoch,
      revision: this.revision,
      domain: this.#domain,
      gateway: [...this.#gateway],
      ...(this.#gatewayPort === undefined ? {} : { gatewayPort: this.#gatewayPort }),
      nextId: this.#nextId,
      items: [...this.#entries.values()],
    }
  }
}
