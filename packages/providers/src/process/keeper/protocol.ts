import type { Stats } from '@standin/client'
import type { Observed, ProgressListener } from '@standin/core'

/**
 * What control and a keeper say to each other over the keeper's socket: JSON lines. The first line of a connection says
 * what it is for. `hello` makes it a control connection: requests with an `id` are answered under that id, and
 * changes are pushed. `exec` makes it one session: after the answer, both sides send frames (`frames.ts`).
 * A keeper outlives the control that started it, so a newer control has to go on understanding version 1.
 */
export const protocolVersion = 1

/** Not of the error table: the request was not taken up because the keeper ends; ask the next one. */
export const leavingCode = 'leaving'

export type Failure = NonNullable<Observed['failure']>
export type Progress = Parameters<ProgressListener>[0]

export type KeeperRequest =
  | { readonly op: 'hello'; readonly version: number }
  | { readonly op: 'start'; readonly hosts: readonly string[] | null }
  /** Gives a `start` up; what has started keeps running. */
  | { readonly op: 'cancel'; readonly request: number }
  /** Stops everything, then the keeper itself. */
  | { readonly op: 'stop' }
  | { readonly op: 'suspend' }
  | { readonly op: 'resume' }
  | { readonly op: 'stats' }

export interface ExecOpen {
  readonly op: 'exec'
  readonly host: string
  readonly ordinal: number
  /** Text is a shell's. */
  readonly command: string | readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | null
  readonly tty: { readonly columns: number; readonly rows: number } | null
}

export type FromControl = (KeeperRequest & { readonly id: number }) | (ExecOpen & { readonly id: number })

export interface Hello {
  readonly version: number
  readonly nonce: string
  /** In the keeper's own pid namespace, as every pid that it speaks of. */
  readonly pid: number
  readonly observed: Observed
}

export interface RemoteError {
  /** A code of the error table. */
  readonly code: string
  readonly message: string
  readonly hint?: string
}

export type FromKeeper =
  | { readonly id: number; readonly result: Hello | Observed | Stats | null }
  | { readonly id: number; readonly error: RemoteError }
  | { readonly id: number; readonly progress: Progress }
  | { readonly push: 'observed'; readonly observed: Observed }
  /** It ends by itself; requests that were not answered were not taken up. */
  | { readonly push: 'bye' }

/** Thrown inside the keeper, which doesn't load the client package: it has to start in milliseconds. */
export class KeeperError extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export function remoteError(error: unknown): RemoteError {
  if (error instanceof KeeperError)
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  const fault = error as NodeJS.ErrnoException
  if (fault.code === 'ENOSPC') return { code: 'disk_full', message: fault.message }
  return { code: 'provider_failed', message: fault.message ?? String(error) }
}
