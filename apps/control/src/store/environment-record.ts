import type { DesiredState, Environment, EnvironmentState, Labels, Reason } from '@standin/client'
import type { EnvironmentSpec, InstanceStatus } from '@standin/core'
import type { Selectable } from 'kysely'
import type { Static } from 'typebox'
import type { EnvironmentsTable } from './schema.ts'

export type Source = EnvironmentSpec['source']

/** An environment as the store knows it. All instants are ms since the epoch. */
export interface EnvironmentRecord {
  readonly id: number
  readonly name: string
  readonly kind: Environment['kind']
  readonly provider: string
  readonly template: { readonly name: string; readonly version: number } | null
  readonly owner: string
  /** Null: it was made with a token that has no user, or its owner was deleted. */
  readonly ownerId: string | null
  /** Since when its owner is gone without anybody in their place. */
  readonly orphanedAt: number | null
  /** The label of this name; null where it is missing or empty. */
  readonly project: string | null
  readonly labels: Static<typeof Labels>
  readonly state: EnvironmentState
  readonly desired: DesiredState
  /** Who wanted `desired`. */
  readonly desiredReason: Reason
  readonly desiredBefore: DesiredState | null
  readonly reason: Reason
  /** Null once purged. */
  readonly source: Source | null
  readonly instances: readonly InstanceStatus[]
  /** Whether the provider has made its files. */
  readonly provisioned: boolean
  /** How many launch steps are done. */
  readonly launched: number
  /** Whether deleting skips the trash. */
  readonly purge: boolean
  readonly createdAt: number
  readonly stateChangedAt: number
  readonly lastActivity: { readonly at: number; readonly cause: string | null } | null
  readonly suspendAfterMs: number | null
  readonly expiresAt: number | null
  readonly purgeAt: number | null
  readonly purgedAt: number | null
  /** Disk that it holds by itself, as last measured; null: not known. */
  readonly storageBytes: number | null
  readonly revision: number
}

export function toEnvironmentRecord(row: Selectable<EnvironmentsTable>): EnvironmentRecord {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as Environment['kind'],
    provider: row.provider,
    template: row.template_name === null ? null : { name: row.template_name, version: row.template_version ?? 0 },
    owner: row.owner,
    ownerId: row.owner_id,
    orphanedAt: row.orphaned_at,
    project: row.project,
    labels: JSON.parse(row.labels),
    state: row.state as EnvironmentState,
    desired: row.desired as DesiredState,
    desiredReason: JSON.parse(row.desired_reason),
    desiredBefore: row.desired_before as DesiredState | null,
    reason: JSON.parse(row.reason),
    source: row.source === null ? null : JSON.parse(row.source),
    instances: JSON.parse(row.instances),
    provisioned: row.provisioned === 1,
    launched: row.launched,
    purge: row.purge === 1,
    createdAt: row.created_at,
    stateChangedAt: row.state_changed_at,
    lastActivity: row.last_activity_at === null ? null : { at: row.last_activity_at, cause: row.last_activity_cause },
    suspendAfterMs: row.suspend_after_ms,
    expiresAt: row.expires_at,
    purgeAt: row.purge_at,
    purgedAt: row.purged_at,
    storageBytes: row.storage_bytes,
    revision: row.revision,
  }
}
