import type { ActivityReport, Problem, RouteEntry } from '@standin/client'
import type { ProcessUse, WorkerWords } from '@standin/serving/primary-channel'
import type { TableMessage } from '@standin/serving/worker-feed'
import type { ListeningAt } from '../engine.ts'
import type { GatewayConfig, ListenAddress } from '../gateway-config.ts'
import type { EnvironmentView } from '../observe/environment-view.ts'
import type { RoutesHead } from './held-routes.ts'

/** What the primary and its workers say to each other. Plain JSON. */

export type ToWorker =
  | {
      readonly type: 'start'
      readonly config: GatewayConfig
      readonly http: ListenAddress | null
      readonly https: ListenAddress | null
      /** Nobody else listens there yet: the first worker chooses the ports. */
      readonly isFirst: boolean
      /** A table follows at once: requests are taken only when it is there. */
      readonly awaitsTable: boolean
      readonly ticketKeys: { readonly seed: string; readonly period: number }
      readonly pseudonym: string
    }
  | { readonly type: 'refused'; readonly owner: string; readonly listeners: readonly string[] }
  | TableMessage<RouteEntry, RoutesHead>
  /** What came of a call. */
  | { readonly type: 'done'; readonly call: number; readonly problem: Problem | null }
  | { readonly type: 'describe'; readonly call: number; readonly environment: number }
  | { readonly type: 'count'; readonly call: number }
  | { readonly type: 'drain'; readonly ms: number }

export type FromWorker =
  | { readonly type: 'listening'; readonly at: ListeningAt }
  | WorkerWords
  | { readonly type: 'wake'; readonly call: number; readonly environment: number; readonly reason: string }
  /** Nobody waits for that call any more. */
  | { readonly type: 'forget'; readonly call: number }
  | { readonly type: 'activity'; readonly call: number; readonly items: ActivityReport['items'] }
  | { readonly type: 'described'; readonly call: number; readonly view: EnvironmentView | null }
  | ({ readonly type: 'counted'; readonly call: number; readonly values: readonly number[] } & ProcessUse)
