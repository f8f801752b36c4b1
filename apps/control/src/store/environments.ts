import type { DesiredState, EnvironmentState, UserRef } from '@standin/client'
import { StandinError } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import type { Selectable, Updateable } from 'kysely'
import { mayBecome } from '../reconcile/transitions.ts'
import { forgetBelongings } from './belongings.ts'
import type { Database } from './database.ts'
import type { EnvironmentEdit, NewEnvironment, ProgressData, Reattachment, StatePatch } from './environment-changes.ts'
import { type EnvironmentRecord, toEnvironmentRecord } from './environment-record.ts'
import type { EventLog, EventType } from './events.ts'
import { type Because, reasonAt } from './reason.ts'
import type { EnvironmentsTable } from './schema.ts'

/**
 * The environments, and every way in which one may change. Each change writes the row and its event in one transaction;
 * who listens to the event log learns of it right after the commit.
 */
export class Environments {
  readonly #db: Database
  readonly #events: EventLog
  readonly #now: () => number

  constructor(db: Database, events: EventLog, now: () => number) {
    this.#db = db
    this.#events = events
    this.#now = now
  }

  get(id: number): EnvironmentRecord | undefined {
    const row = this.#db.prepared<Selectable<EnvironmentsTable>>('select * from environments where id = ?').get(id)
    return row === undefined ? undefined : toEnvironmentRecord(row)
  }

  /** The first configId that was never given out. */
  get nextId(): number {
    const row = this.#db.prepared<{ seq: number }>(`select seq from sqlite_sequence where name = 'environments'`).get()
    return (row?.seq ?? 1000) + 1
  }

  /**
   * @param alongside written in the same transaction
   * @throws StandinError `name_taken`
   */
  insert(environment: NewEnvironment, because: Because, alongside: (id: number) => void = () => {}): EnvironmentRecord {
    return this.#db.transaction(() => {
      const at = this.#now()
      const id = this.nextId
      const name = environment.name ?? `${environment.namePrefix.slice(0, 62 - String(id).length)}-${id}`
      this.refuseTakenName(name)
      const reason = JSON.stringify(reasonAt(because, at))
      // Who asked for a build may have left, or been deleted, while it was queued.
      const { ownerId: asked = null } = environment
      const owner = this.#db.prepared<{ active: number }>('select active from users where id = ?').get(asked)
      const ownerId = owner === undefined ? null : asked
      this.#db.run(
        this.#db.query.insertInto('environments').values({
          id,
          name,
          kind: environment.kind,
          provider: environment.provider,
          template_name: environment.template?.name ?? null,
          template_version: environment.template?.version ?? null,
          owner: environment.owner,
          owner_id: ownerId,
          orphaned_at: asked === null || owner?.active === 1 ? null : at,
          labels: JSON.stringify(environment.labels),
          state: 'starting',
          desired: environment.desired,
          desired_reason: reason,
          reason,
          source: JSON.stringify(environment.source),
          stack: environment.stack === null ? null : JSON.stringify(environment.stack),
          instances: JSON.stringify(environment.instances ?? []),
          provisioned: 0,
          launched: 0,
          purge: 0,
          created_at: at,
          state_changed_at: at,
          suspend_after_ms: environment.suspendAfterMs,
          expires_at: environment.expiresAt,
          revision: 0,
        }),
      )
      alongside(id)
      const template = environment.template === null ? null : `${environment.template.name}@${environment.template.version}`
      const { provider, owner: ownerName, labels, hosts } = environment
      const data = { name, template, provider, owner: ownerName, ownerId, labels, hosts }
      return this.#record(id, 'environment.created', because.actor, data)
    })
  }

  /**
   * Want it to be something else. What failed starts anew with that; what is wanted already stays as it is.
   * @param options.purge delete without the trash
   */
  want(id: number, desired: DesiredState, because: Because, options: { purge?: boolean } = {}): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      const purge = options.purge === true
      const again = before.desired === desired && (!purge || before.purge)
      if (again && before.state !== 'failed') return before
      const reason = reasonAt(because, this.#now())
      this.#update(id, {
        desired,
        desired_reason: JSON.stringify(reason),
        ...(desired === 'deleted' && before.desired !== 'deleted' ? { desired_before: before.desired } : {}),
        ...(desired === 'deleted' ? {} : { purge_at: null }),
        ...(purge ? { purge: 1 } : {}),
      })
      const after = this.#record(id, 'environment.desired', because.actor, { from: before.desired, to: desired, reason })
      return before.state === 'failed' ? this.transition(id, leavingFailed[desired], because) : after
    })
  }

  /**
   * Out of the trash, to be again what it was wanted to be before.
   * @param instead wanted of it now
   * @throws StandinError `state_conflict` when it isn't deleted, `name_taken` when another has its name now
   */
  undelete(id: number, because: Because, instead?: DesiredState): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (before.desired !== 'deleted') {
        throw new StandinError('state_conflict', `environment ${before.name} (${id}) is not deleted but ${before.state}`)
      }
      if (before.purge) {
        throw new StandinError('environment_deleted', `environment ${before.name} (${id}) is being purged: its data can not be had back`)
      }
      this.refuseTakenName(before.name)
      const desired = instead ?? before.desiredBefore ?? 'stopped'
      const reason = reasonAt(because, this.#now())
      this.#update(id, { desired, desired_reason: JSON.stringify(reason), desired_before: null, purge_at: null })
      const after = this.#record(id, 'environment.desired', because.actor, { from: 'deleted', to: desired, reason })
      return before.state === 'failed' ? this.transition(id, leavingFailed[desired], because) : after
    })
  }

  /**
   * The one way to change a state.
   * @throws StandinError `internal` when the table of transitions doesn't have it
   */
  transition(id: number, to: EnvironmentState, because: Because, patch: StatePatch = {}): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (!mayBecome(before.state, to)) {
        throw new StandinError('internal', `environment ${before.name} (${id}) can not go from ${before.state} to ${to}`)
      }
      const at = this.#now()
      const reason = reasonAt(because, at)
      this.#update(id, {
        state: to,
        reason: JSON.stringify(reason),
        state_changed_at: at,
        ...(patch.instances === undefined ? {} : { instances: JSON.stringify(patch.instances) }),
        ...(patch.provisioned === undefined ? {} : { provisioned: patch.provisioned ? 1 : 0 }),
        ...(patch.purgeAt === undefined ? {} : { purge_at: patch.purgeAt }),
      })
      return this.#record(id, 'environment.state', because.actor, { from: before.state, to, reason })
    })
  }

  /** What the provider sees of its instances. No event where nothing differs. */
  observe(id: number, instances: readonly InstanceStatus[], actor: string): void {
    const json = JSON.stringify(instances)
    this.#db.transaction(() => {
      const changed = this.#db.run(
        this.#db.query.updateTable('environments').set({ instances: json }).where('id', '=', id).where('instances', '<>', json),
      )
      if (changed.changes > 0) this.#record(id, 'environment.changed', actor, { fields: ['instances'] })
    })
  }

  /** The provider has made its files from this record's source; not where that was replaced meanwhile. */
  markProvisioned(record: EnvironmentRecord): void {
    this.#db.run(
      this.#db.query
        .updateTable('environments')
        .set({ provisioned: 1 })
        .where('id', '=', record.id)
        .where('source', '=', JSON.stringify(record.source)),
    )
  }

  /** So many launch steps are done and won't be run again. */
  markLaunched(id: number, steps: number): void {
    this.#update(id, { launched: steps })
  }

  progress(id: number, progress: ProgressData, actor: string): void {
    const state = this.require(id).state
    this.#events.append({ type: 'environment.progress', actor, environment: id, state, data: { ...progress } })
  }

  /** @throws StandinError `name_taken` */
  edit(id: number, edit: EnvironmentEdit, actor: string): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (edit.name !== undefined && edit.name !== before.name && before.desired !== 'deleted') this.refuseTakenName(edit.name)
      const { to, ...rest } = edit
      if (to != null) this.give(id, to, actor)
      const fields = Object.entries(rest).flatMap(([field, value]) => (value === undefined ? [] : [field]))
      if (fields.length === 0) return this.require(id)
      this.#update(id, {
        ...(edit.name === undefined ? {} : { name: edit.name }),
        ...(edit.labels === undefined ? {} : { labels: JSON.stringify(edit.labels) }),
        ...(edit.suspendAfterMs === undefined ? {} : { suspend_after_ms: edit.suspendAfterMs }),
      })
      const { name, labels } = edit
      const values = { ...(name === undefined ? {} : { name }), ...(labels === undefined ? {} : { labels }) }
      return this.#record(id, 'environment.changed', actor, { fields, ...values })
    })
  }

  /** The disk that it holds by itself, as measured just now. No event where that is known, nor once it is purged. */
  measured(id: number, bytes: number, actor: string): void {
    this.#db.transaction(() => {
      const before = this.require(id)
      if (before.storageBytes === bytes || before.purgedAt !== null) return
      this.#update(id, { storage_bytes: bytes })
      this.#record(id, 'environment.changed', actor, { fields: ['storageBytes'], storageBytes: bytes })
    })
  }

  /** Replace an attachment's endpoints and renew it; no event where only its time to live is new. */
  reattach(id: number, attachment: Reattachment, actor: string): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      const source = JSON.stringify(attachment.source)
      const labels = JSON.stringify(attachment.labels ?? before.labels)
      this.#update(id, { expires_at: attachment.expiresAt })
      const fields = [
        ...(source === JSON.stringify(before.source) ? [] : ['services']),
        ...(labels === JSON.stringify(before.labels) ? [] : ['labels']),
      ]
      if (fields.length === 0) return this.require(id)
      // The provider is told again; until then the pool is the new one already.
      this.#update(id, { source, labels, instances: JSON.stringify(attachment.instances), provisioned: 0 })
      const changed = attachment.labels === undefined ? {} : { labels: attachment.labels }
      return this.#record(id, 'environment.changed', actor, { fields, ...changed })
    })
  }

  /** What belongs to it was changed by somebody else, within the caller's transaction. @param values what the event says beside that */
  noteChange(id: number, fields: readonly string[], actor: string, values: Readonly<Record<string, unknown>> = {}): void {
    this.#record(id, 'environment.changed', actor, { fields, ...values })
  }

  /** It becomes this user's. No event where it is already. */
  give(id: number, to: UserRef, actor: string): EnvironmentRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (before.ownerId === to.id && before.owner === to.userName && before.orphanedAt === null) return before
      this.#update(id, { owner: to.userName, owner_id: to.id, orphaned_at: null })
      return this.#record(id, 'environment.changed', actor, { fields: ['owner'], owner: to.userName, ownerId: to.id })
    })
  }

  /** Its data is gone; a small row stays, so that its id is never used again. */
  purged(id: number, because: Because): void {
    this.#db.transaction(() => {
      const before = this.require(id)
      if (before.purgedAt !== null) return
      if (before.state !== 'deleted') this.transition(id, 'deleted', because)
      this.#update(id, {
        purged_at: this.#now(),
        purge_at: null,
        expires_at: null,
        // Who may see it is who may see its events.
        labels: JSON.stringify(before.project === null ? {} : { project: before.project }),
        source: null,
        stack: null,
        instances: '[]',
        storage_bytes: null,
        desired_before: null,
      })
      forgetBelongings(this.#db, this.#events, id, because.actor)
      this.#record(id, 'environment.purged', because.actor, {})
    })
  }

  /** Who was used last, by what; not worth an event. Unknown ones are passed over, and what is older than what is known. */
  reportActivity(items: readonly { readonly environment: number; readonly at: number; readonly cause: string | null }[]): void {
    const update = this.#db.prepared(
      'update environments set last_activity_at = @at, last_activity_cause = @cause where id = @environment and purged_at is null and coalesce(last_activity_at, 0) < @at',
    )
    this.#db.transaction(() => {
      for (const { at, cause, environment } of items) update.run({ at, cause, environment })
    })
  }

  /** @throws StandinError `environment_not_found` */
  require(id: number): EnvironmentRecord {
    const record = this.get(id)
    if (record === undefined) throw new StandinError('environment_not_found', `there is no environment ${id}`)
    return record
  }

  /** @throws StandinError `name_taken` */
  refuseTakenName(name: string): void {
    const holder = this.#db.first(
      this.#db.query.selectFrom('environments').select(['id', 'state']).where('name', '=', name).where('desired', '<>', 'deleted'),
    )
    if (holder === undefined) return
    throw new StandinError('name_taken', `the name ${name} is taken by environment ${holder.id} (${holder.state})`, {
      hint: 'Choose another name, or delete that one first',
    })
  }

  /** The event of a change that the caller wrote, and its revision. */
  #record(id: number, type: EventType, actor: string, data: Record<string, unknown>): EnvironmentRecord {
    const record = this.require(id)
    const revision = this.#events.append({ type, actor, environment: id, state: record.state, data })
    this.#db.prepared('update environments set revision = ? where id = ?').run(revision, id)
    return { ...record, revision }
  }

  #update(id: number, patch: Updateable<EnvironmentsTable>): void {
    this.#db.run(this.#db.query.updateTable('environments').set(patch).where('id', '=', id))
  }
}

/** What failed is on its way again as soon as something is wanted of it. */
const leavingFailed = {
  running: 'starting',
  suspended: 'suspending',
  stopped: 'stopping',
  deleted: 'deleting',
} as const satisfies Record<DesiredState, EnvironmentState>
