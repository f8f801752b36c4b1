import type { DesiredState, PlannedHost, Stack, UserRef } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import type { EnvironmentRecord, Source } from './environment-record.ts'

export interface NewEnvironment {
  /** Default: `<prefix>-<id>`. */
  readonly name: string | null
  readonly namePrefix: string
  readonly kind: EnvironmentRecord['kind']
  readonly provider: string
  readonly template: EnvironmentRecord['template']
  readonly owner: string
  /** The user whose it is. */
  readonly ownerId?: string | null
  readonly labels: EnvironmentRecord['labels']
  readonly desired: DesiredState
  readonly source: Source
  /** Of a build; a clone's is with its template. */
  readonly stack: Stack | null
  /** What it is made of, for those who follow the events. */
  readonly hosts: readonly PlannedHost[]
  readonly instances?: readonly InstanceStatus[]
  readonly suspendAfterMs: number | null
  readonly expiresAt: number | null
}

export interface StatePatch {
  readonly instances?: readonly InstanceStatus[]
  readonly provisioned?: boolean
  /** When it leaves the trash for good. */
  readonly purgeAt?: number | null
}

export interface EnvironmentEdit {
  /** Whose it becomes. */
  readonly to?: UserRef | null | undefined
  readonly name?: string | undefined
  readonly labels?: EnvironmentRecord['labels'] | undefined
  readonly suspendAfterMs?: number | null | undefined
}

export interface Reattachment {
  readonly source: Source
  readonly instances: readonly InstanceStatus[]
  readonly labels?: EnvironmentRecord['labels'] | undefined
  readonly expiresAt: number | null
}

export interface ProgressData {
  readonly step: string
  readonly host: string | null
  readonly status: 'started' | 'done' | 'failed'
  readonly durationMs: number | null
  readonly message: string | null
}
