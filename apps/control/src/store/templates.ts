import { type Channel, StandinError } from '@standin/client'
import type { Selectable } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import type { EventLog } from './events.ts'
import { projectSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { TemplatesTable } from './schema.ts'
import { type NewTemplate, type TemplateRecord, toTemplateRecord } from './template-record.ts'

/** The channel that a bare name means; every new version moves it. */
const latest = 'latest'

/** Template versions (immutable) and the channels that point to them. */
export class Templates {
  readonly #db: Database
  readonly #events: EventLog
  readonly #now: () => number
  /** Versions never change, so what was parsed once is kept. */
  readonly #cache = new Map<string, TemplateRecord>()

  constructor(db: Database, events: EventLog, now: () => number) {
    this.#db = db
    this.#events = events
    this.#now = now
  }

  /** The next version of `name`: a number is never used again, also after its version was deleted. */
  insert(template: NewTemplate, actor: string): TemplateRecord {
    return this.#db.transaction(() => {
      const { query } = this.#db
      this.#db.run(
        query
          .insertInto('template_names')
          .values({ name: template.name, next_version: 1 })
          .onConflict((conflict) => conflict.doNothing()),
      )
      const row = this.#db.first(query.selectFrom('template_names').select('next_version').where('name', '=', template.name))
      const version = row?.next_version ?? 1
      this.#db.run(
        query
          .updateTable('template_names')
          .set({ next_version: version + 1 })
          .where('name', '=', template.name),
      )
      this.#db.run(
        query.insertInto('templates').values({
          name: template.name,
          version,
          provider: template.provider,
          key: template.key,
          created_at: this.#now(),
          size_bytes: template.sizeBytes,
          stack: JSON.stringify(template.stack),
          provenance: JSON.stringify(template.provenance),
        }),
      )
      this.#events.append({ type: 'template.created', actor, data: { ref: `${template.name}@${version}` } })
      for (const channel of new Set([latest, ...template.channels])) this.setChannel(template.name, channel, version, actor)
      return this.require(template.name, version)
    })
  }

  get(name: string, version: number): TemplateRecord | undefined {
    const ref = `${name}@${version}`
    const cached = this.#cache.get(ref)
    if (cached !== undefined) return cached
    const row = this.#db.first(this.#db.query.selectFrom('templates').selectAll().where('name', '=', name).where('version', '=', version))
    if (row === undefined) return undefined
    const record = toTemplateRecord(row)
    if (this.#cache.size >= 200) this.#cache.clear()
    this.#cache.set(ref, record)
    return record
  }

  /** @throws StandinError `template_not_found` */
  require(name: string, version: number): TemplateRecord {
    const record = this.get(name, version)
    if (record === undefined) throw this.#notFound(`${name}@${version}`)
    return record
  }

  /**
   * `shop@7`, `shop:stable`, or `shop`, which is `shop:latest`.
   * @throws StandinError `template_not_found`, `channel_not_found`
   */
  resolve(ref: string): TemplateRecord {
    const version = /^([a-z0-9-]+)@([0-9]+)$/.exec(ref)
    if (version !== null) return this.require(version[1] as string, Number(version[2]))
    const channel = /^([a-z0-9-]+)(?::([a-z0-9-]+))?$/.exec(ref)
    if (channel === null) {
      throw new StandinError('template_not_found', `${ref} does not name a template`, { hint: 'Write shop, shop@7 or shop:stable' })
    }
    const [, name = '', channelName = latest] = channel
    const row = this.#db.first(
      this.#db.query.selectFrom('channels').select('version').where('template', '=', name).where('name', '=', channelName),
    )
    if (row !== undefined) return this.require(name, row.version)
    if (this.channels(name).length === 0) throw this.#notFound(ref)
    throw new StandinError('channel_not_found', `template ${name} has no channel ${channelName}`, {
      hint: `Its channels: ${this.channels(name)
        .map((each) => each.name)
        .join(', ')}`,
    })
  }

  /** Newest first. @param filter.name only this template's versions */
  list(filter: { limit: number; cursor?: string | undefined; name?: string | undefined; seenBy?: UserAccess | null }): {
    items: TemplateRecord[]
    nextCursor: string | null
  } {
    let select = this.#db.query
      .selectFrom('templates')
      .selectAll()
      .select('rowid as id' as never)
    if (filter.name !== undefined) select = select.where('name', '=', filter.name)
    if (filter.cursor !== undefined) select = select.where('rowid' as never, '<', parseCursor(filter.cursor) as never)
    if (filter.seenBy != null) select = select.where(projectSeenBy('project', filter.seenBy, true))
    const rows = this.#db.all(select.orderBy('rowid' as never, 'desc').limit(filter.limit + 1)) as (Selectable<TemplatesTable> & {
      id: number
    })[]
    const page = rows.slice(0, filter.limit)
    return { items: page.map(toTemplateRecord), nextCursor: rows.length > filter.limit ? String(page.at(-1)?.id) : null }
  }

  /** Of its newest version; null: in none. Undefined where there is no template of this name. */
  projectOf(name: string): string | null | undefined {
    const row = this.#db
      .prepared<{ project: string | null }>('select project from templates where name = ? order by version desc limit 1')
      .get(name)
    return row === undefined ? undefined : row.project
  }

  /** Every snapshot that a version stands on. */
  keys(provider: string): Set<string> {
    return new Set(
      this.#db.all(this.#db.query.selectFrom('templates').select('key').where('provider', '=', provider)).map((row) => row.key),
    )
  }

  /**
   * Forget a version; the caller deletes its snapshot afterwards. `latest` falls back to the newest one left.
   * @param users names of the environments made from it
   * @throws StandinError `template_in_use` with what uses it
   */
  delete(template: TemplateRecord, users: readonly string[], actor: string): void {
    this.#db.transaction(() => {
      const { query } = this.#db
      const holding = this.channelsOf(template).filter((channel) => channel !== latest)
      if (users.length + holding.length > 0) {
        const uses = [
          ...(users.length > 0 ? [`environment${users.length > 1 ? 's' : ''} ${list(users)}`] : []),
          ...(holding.length > 0 ? [`channel${holding.length > 1 ? 's' : ''} ${list(holding)}`] : []),
        ]
        throw new StandinError('template_in_use', `template ${template.ref} is used by ${uses.join(' and ')}`, {
          hint: 'Purge those environments and move those channels first',
        })
      }
      const { name, version } = template
      this.#db.run(query.deleteFrom('channels').where('template', '=', name).where('version', '=', version))
      this.#db.run(query.deleteFrom('templates').where('name', '=', name).where('version', '=', version))
      this.#cache.delete(template.ref)
      this.#events.append({ type: 'template.deleted', actor, data: { ref: template.ref } })
      const left = this.#db.first(query.selectFrom('templates').select('version').where('name', '=', name).orderBy('version', 'desc'))
      if (left !== undefined && this.#channel(name, latest) === undefined) this.setChannel(name, latest, left.version, actor)
    })
  }

  channels(template: string): Channel[] {
    return this.#db.all(this.#db.query.selectFrom('channels').selectAll().where('template', '=', template).orderBy('name')).map((row) => ({
      template: row.template,
      name: row.name,
      version: row.version,
      ref: `${row.template}@${row.version}`,
      updatedAt: new Date(row.updated_at).toISOString(),
    }))
  }

  channelsOf(template: { name: string; version: number }): string[] {
    return this.channels(template.name)
      .filter((channel) => channel.version === template.version)
      .map((channel) => channel.name)
  }

  /** Make a channel or move it. @throws StandinError `template_not_found` */
  setChannel(template: string, name: string, version: number, actor: string): Channel {
    return this.#db.transaction(() => {
      this.require(template, version)
      const before = this.#channel(template, name)
      if (before?.version !== version) {
        const row = { template, name, version, updated_at: this.#now() }
        this.#db.run(
          this.#db.query
            .insertInto('channels')
            .values(row)
            .onConflict((conflict) => conflict.columns(['template', 'name']).doUpdateSet({ version, updated_at: row.updated_at })),
        )
        this.#events.append({ type: 'channel.set', actor, data: { template, channel: name, from: before?.version ?? null, to: version } })
      }
      return this.#channel(template, name) as Channel
    })
  }

  /** @throws StandinError `channel_not_found`, `invalid` for `latest` */
  deleteChannel(template: string, name: string, actor: string): void {
    if (name === latest) throw new StandinError('invalid', 'the channel latest always exists: it names the newest version')
    this.#db.transaction(() => {
      const before = this.#channel(template, name)
      if (before === undefined) throw new StandinError('channel_not_found', `template ${template} has no channel ${name}`)
      this.#db.run(this.#db.query.deleteFrom('channels').where('template', '=', template).where('name', '=', name))
      this.#events.append({ type: 'channel.set', actor, data: { template, channel: name, from: before.version, to: null } })
    })
  }

  #channel(template: string, name: string): Channel | undefined {
    return this.channels(template).find((channel) => channel.name === name)
  }

  #notFound(ref: string): StandinError {
    const rows = this.#db.all(this.#db.query.selectFrom('templates').select('name').distinct().orderBy('name').limit(20))
    return new StandinError('template_not_found', `there is no template ${ref}`, {
      hint:
        rows.length === 0
          ? 'No template was built yet: `standin template build FOLDER` makes one'
          : `Templates that exist: ${rows.map((row) => row.name).join(', ')}`,
    })
  }
}

function list(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
