import { join } from 'node:path'
import type { RecordEntry, TableSnapshot } from '@standin/client'
import { type Follower, followTable } from '@standin/follower'
import { HeldTable, type TableWatcher } from '@standin/serving/held-table'
import type { Logger } from 'pino'
import type { DnsConfig } from './dns-config.ts'

/** What the table of records says besides its entries. */
export type RecordsHead = Omit<TableSnapshot<RecordEntry>, 'items'>

export interface TableStatus {
  /** Changes arrive; undefined: there is no table to follow. */
  readonly isFollowing: boolean | undefined
  readonly revision: number
  /** Why they don't; null where they do. */
  readonly reason: string | null
}

/** The table of control: the last good one from disk first, then the one that control has, whenever it is there. */
export class ControlTable {
  readonly table: HeldTable<RecordEntry, RecordsHead>
  readonly #config: DnsConfig
  readonly #log: Logger
  #follower: Follower | undefined

  /** @param watcher hears of every change, as soon as it is in `table` */
  constructor(config: DnsConfig, log: Logger, watcher: TableWatcher) {
    this.table = new HeldTable(watcher)
    this.#config = config
    this.#log = log
  }

  get status(): TableStatus {
    if (this.#config.isAlone) return { isFollowing: undefined, revision: 0, reason: null }
    const status = this.#follower?.status
    if (status === undefined) return { isFollowing: false, revision: 0, reason: 'it was not started' }
    const isFollowing = status.link === 'following'
    return {
      isFollowing,
      revision: status.revision,
      reason: isFollowing ? null : (status.reason ?? `the link to control is ${status.link}`),
    }
  }

  /** Control need not be there. With nothing but a file, there is nothing to follow. */
  async start(): Promise<void> {
    const { home, control, tokenFile, isAlone } = this.#config
    if (isAlone) return
    this.#follower = await followTable({
      kind: 'records',
      home,
      tokenName: 'dns',
      control,
      tokenFile,
      cacheFile: join(home, 'dns', 'records.json'),
      onSnapshot: ({ items, ...head }) => this.table.reset(head, items),
      onDelta: ({ revision, put, remove }) => {
        this.table.note({ revision })
        if (put !== null) this.table.put(put)
        if (remove !== null) this.table.remove(remove)
      },
      log: this.#log,
    })
  }

  async close(): Promise<void> {
    await this.#follower?.close()
  }
}
