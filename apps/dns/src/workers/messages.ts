import type { RecordEntry } from '@standin/client'
import type { ProcessUse, WorkerWords } from '@standin/serving/primary-channel'
import type { TableMessage } from '@standin/serving/worker-feed'
import type { DnsConfig } from '../dns-config.ts'
import type { Sample } from '../engine.ts'
import type { ListenAddress } from '../server/dns-server.ts'
import type { RecordsHead } from '../table-source.ts'

/** What the primary and its workers say to each other. Plain JSON. */

export type ToWorker =
  | {
      readonly type: 'start'
      readonly config: DnsConfig
      readonly listen: ListenAddress
      /** Of all workers, to upstreams, in hexadecimal. */
      readonly identity: string
      /** A table follows at once: queries are taken only when it is there. */
      readonly awaitsTable: boolean
    }
  /** `revision`: of the whole table, with this change. */
  | { readonly type: 'table'; readonly message: TableMessage<RecordEntry, RecordsHead>; readonly revision: number }
  | { readonly type: 'reload' }
  | { readonly type: 'count'; readonly call: number }
  | { readonly type: 'stop' }

export type FromWorker =
  | { readonly type: 'listening'; readonly dns: string }
  | WorkerWords
  | ({ readonly type: 'counted'; readonly call: number } & Sample & ProcessUse)
