import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Scope, StandinError, type Token } from '@standin/client'
import type { Selectable } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import type { EventLog } from './events.ts'
import type { Accesses } from './people/accesses.ts'
import type { UserAccess } from './people/user-access.ts'
import type { TokensTable } from './schema.ts'

/** Who a request comes from, once its token was checked. */
export interface Caller {
  readonly tokenId: string
  /** `user:alice`, `token:ci`; the platform's own parts are `gateway`, `dns` and `plugin:suspend`. */
  readonly actor: string
  /** A user's is the userName: environments that they make are theirs by it. */
  readonly name: string
  readonly scope: Scope
  /** Null: its scope alone counts. */
  readonly user: UserAccess | null
}

/** A token that is checked often is marked as used this seldom, ms. */
const usedResolution = 60_000

/** `stn_<id>_<secret>`: only the SHA-256 of the secret is kept. */
export class Tokens {
  readonly #db: Database
  readonly #events: EventLog
  readonly #accesses: Accesses
  readonly #now: () => number
  /** Those of parts of this process. */
  readonly #lent = new Map<string, { readonly hash: Buffer; readonly caller: Caller }>()
  /** Token id → when it was last marked as used. */
  readonly #marked = new Map<string, number>()

  constructor(db: Database, events: EventLog, accesses: Accesses, now: () => number) {
    this.#db = db
    this.#events = events
    this.#accesses = accesses
    this.#now = now
  }

  /** @param token.user id of the user whose it is @returns the token and, this once, its text */
  create(
    token: { name: string; scope: Scope; expiresAt: number | null; user?: string | null },
    actor: string,
  ): { token: Token; text: string } {
    return this.#db.transaction(() => {
      const id = randomBytes(6).toString('hex')
      const secret = randomBytes(32).toString('base64url')
      const { name, scope, user = null } = token
      const times = { created_at: this.#now(), expires_at: token.expiresAt }
      this.#db.run(
        this.#db.query.insertInto('tokens').values({ id, name, scope, hash: sha256(secret).toString('hex'), ...times, user_id: user }),
      )
      this.#events.append({ type: 'token.created', actor, data: { id, name, scope, user } })
      return { token: toToken(this.#require(id)), text: `stn_${id}_${secret}` }
    })
  }

  /**
   * A token for a part of this process: it is kept in memory alone, and ends with it.
   * @param part `actor` stands for the token, too: an Idempotency-Key is its own also after a restart
   */
  lend({ name, actor, scope }: { name: string; actor: string; scope: Scope }): string {
    const id = randomBytes(6).toString('hex')
    const secret = randomBytes(32).toString('base64url')
    this.#lent.set(id, { hash: sha256(secret), caller: { tokenId: actor, actor, name, scope, user: null } })
    return `stn_${id}_${secret}`
  }

  takeBack(text: string): void {
    this.#lent.delete(text.split('_')[1] ?? '')
  }

  /** Whose token this is; null where it is malformed, unknown, revoked or expired: no difference is shown. */
  check(text: string): Caller | null {
    const match = /^stn_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/.exec(text)
    if (match === null) return null
    const [, id = '', secret = ''] = match
    const lent = this.#lent.get(id)
    if (lent !== undefined) return timingSafeEqual(sha256(secret), lent.hash) ? lent.caller : null
    const row = this.#db.first(this.#db.query.selectFrom('tokens').selectAll().where('id', '=', id))
    // The same work for an unknown id.
    const same = timingSafeEqual(sha256(secret), row === undefined ? Buffer.alloc(32) : Buffer.from(row.hash, 'hex'))
    if (row === undefined || !same) return null
    const now = this.#now()
    if (row.expires_at !== null && row.expires_at <= now) return null
    const scope = row.scope as Scope
    if (row.user_id === null) {
      this.#markUsed(id, now)
      return { tokenId: id, actor: actorOf(row.name), name: row.name, scope, user: null }
    }
    const user = this.#accesses.of(row.user_id)
    if (user === null) return null
    this.#markUsed(id, now)
    return { tokenId: id, actor: `user:${user.userName}`, name: user.userName, scope, user }
  }

  /** Newest first. */
  list(filter: { limit: number; cursor?: string | undefined }): { items: Token[]; nextCursor: string | null } {
    const offset = filter.cursor === undefined ? 0 : parseCursor(filter.cursor)
    const rows = this.#db
      .prepared<TokenRow>(`${selectTokens} order by t.created_at desc, t.id limit ? offset ?`)
      .all(filter.limit + 1, offset)
    return {
      items: rows.slice(0, filter.limit).map(toToken),
      nextCursor: rows.length > filter.limit ? String(offset + filter.limit) : null,
    }
  }

  /** @throws StandinError `token_not_found` */
  revoke(id: string, actor: string): void {
    this.#db.transaction(() => {
      const row = this.#require(id)
      this.#db.run(this.#db.query.deleteFrom('tokens').where('id', '=', id))
      this.#marked.delete(id)
      this.#events.append({ type: 'token.revoked', actor, data: { id, name: row.name, scope: row.scope, user: row.user_id } })
    })
  }

  /** Newest first. */
  ofUser(user: string): Token[] {
    return this.#db.prepared<TokenRow>(`${selectTokens} where t.user_id = ? order by t.created_at desc, t.id`).all(user).map(toToken)
  }

  /** Whether a request with it would still come in. @param id `Caller.tokenId` */
  isGood(id: string): boolean {
    if ([...this.#lent.values()].some(({ caller }) => caller.tokenId === id)) return true
    const row = this.#db
      .prepared<{ user_id: string | null }>('select user_id from tokens where id = ? and (expires_at is null or expires_at > ?)')
      .get(id, this.#now())
    return row !== undefined && (row.user_id === null || this.#accesses.of(row.user_id) !== null)
  }

  #require(id: string): TokenRow {
    const row = this.#db.prepared<TokenRow>(`${selectTokens} where t.id = ?`).get(id)
    if (row === undefined) throw new StandinError('token_not_found', `there is no token ${id}`, { hint: '`standin token list` shows them' })
    return row
  }

  /** In a while, and seldom: reading must not cost a write. */
  #markUsed(id: string, now: number): void {
    if (now - (this.#marked.get(id) ?? 0) < usedResolution) return
    this.#marked.set(id, now)
    setImmediate(() => {
      if (!this.#db.sqlite.open) return
      try {
        this.#db.run(this.#db.query.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id))
      } catch {
        // The disk is full: whoever changes something is told. Nobody waits for this, and nothing ends for it.
      }
    }).unref()
  }
}

function actorOf(name: string): string {
  return name === 'gateway' || name === 'dns' ? name : `token:${name}`
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

type TokenRow = Selectable<TokensTable> & { readonly user_name: string | null }

const selectTokens = 'select t.*, u.user_name from tokens as t left join users as u on u.id = t.user_id'

function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope as Scope,
    user: row.user_id === null ? null : { id: row.user_id, userName: row.user_name ?? '' },
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at).toISOString(),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
  }
}
