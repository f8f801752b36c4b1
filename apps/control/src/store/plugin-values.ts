import { StandinError } from '@standin/client'
import type { StoreChange, StoreEntry, StoreQuery } from '@standin/core'
import { canonicalJson } from './canonical-json.ts'
import type { Database } from './database.ts'

export interface ValueLimits {
  /** Of one value as JSON, bytes. */
  readonly valueBytes: number
  /** Of all keys and values of a plugin, bytes. */
  readonly totalBytes: number
  readonly changes: number
}

const valueLimits: ValueLimits = { valueBytes: 256 << 10, totalBytes: 256 << 20, changes: 10_000 }

const mostListed = 1_000
/** Whatever the value is now. */
const anything = Symbol('anything')
const upsert = 'insert into plugin_values (plugin, key, value) values (?, ?, ?) on conflict do update set value = excluded.value'

/** Key to JSON value, those of each plugin apart. Values are kept as canonical JSON, so equal is what has the same text. */
export class PluginValues {
  readonly #db: Database
  readonly #limits: ValueLimits
  /** Counted once, then kept. */
  readonly #sizes = new Map<string, { keys: number; bytes: number }>()

  constructor(db: Database, limits: ValueLimits = valueLimits) {
    this.#db = db
    this.#limits = limits
  }

  get(plugin: string, key: string): unknown {
    const text = this.#text(plugin, checkKey(key))
    return text === undefined ? undefined : JSON.parse(text)
  }

  list(plugin: string, { prefix = '', after = '', limit = mostListed }: StoreQuery): StoreEntry<unknown>[] {
    if (prefix !== '') checkKey(prefix)
    if (!Number.isInteger(limit) || limit < 1 || limit > mostListed) {
      throw new StandinError('invalid', `a limit of ${limit} is not a whole number from 1 to ${mostListed}`)
    }
    // Only one lower bound: SQLite seeks to the first one that it is given, and would read all that is between it and the other.
    const [from, isMore] = after >= prefix ? [after, '>'] : [prefix, '>=']
    const rows = this.#db
      .prepared<{ key: string; value: string }>(
        `select key, value from plugin_values where plugin = ? and key ${isMore} ? and key < ? order by key limit ?`,
      )
      // No key has a character as high as DEL.
      .all(plugin, from, `${prefix}\x7f`, limit)
    return rows.map(({ key, value }) => ({ key, value: JSON.parse(value) as unknown }))
  }

  /** @returns whether everything was as expected @throws StandinError `invalid`, `too_large`, `disk_full` */
  write(plugin: string, changes: readonly StoreChange[]): boolean {
    if (changes.length > this.#limits.changes) {
      throw new StandinError('too_large', `${changes.length} changes in one write are more than ${this.#limits.changes}`)
    }
    const prepared = changes.map((change) => this.#prepare(plugin, change))
    const size = { ...this.sizeOf(plugin) }
    const done = this.#db.transaction(() => {
      for (const { key, expected } of prepared) {
        if (expected !== anything && this.#text(plugin, key) !== expected) return false
      }
      for (const { key, text } of prepared) this.#put(plugin, key, text, size)
      if (size.bytes > this.#limits.totalBytes) {
        throw new StandinError('too_large', `plugin ${plugin} would keep ${size.bytes} bytes, more than ${this.#limits.totalBytes}`, {
          hint: 'Let it delete what it does not need any more',
        })
      }
      return true
    })
    if (done) this.#sizes.set(plugin, size)
    return done
  }

  sizeOf(plugin: string): { readonly keys: number; readonly bytes: number } {
    let size = this.#sizes.get(plugin)
    if (size === undefined) {
      const sql =
        'select count(*) as keys, coalesce(sum(octet_length(key) + octet_length(value)), 0) as bytes from plugin_values where plugin = ?'
      size = this.#db.prepared<{ keys: number; bytes: number }>(sql).get(plugin) ?? { keys: 0, bytes: 0 }
      this.#sizes.set(plugin, size)
    }
    return size
  }

  #prepare(plugin: string, change: StoreChange): { key: string; text: string | undefined; expected: string | undefined | typeof anything } {
    const key = checkKey(change.key)
    const text = change.value === undefined ? undefined : canonicalJson(change.value)
    if (text !== undefined && Buffer.byteLength(text) > this.#limits.valueBytes) {
      throw new StandinError('too_large', `the value of ${key} of plugin ${plugin} is larger than ${this.#limits.valueBytes} bytes`, {
        hint: 'Keep it in several values',
      })
    }
    const expected = !Object.hasOwn(change, 'expected')
      ? anything
      : change.expected === undefined
        ? undefined
        : canonicalJson(change.expected)
    return { key, text, expected }
  }

  #put(plugin: string, key: string, text: string | undefined, size: { keys: number; bytes: number }): void {
    const before = this.#text(plugin, key)
    if (before !== undefined) {
      size.keys -= 1
      size.bytes -= key.length + Buffer.byteLength(before)
    }
    if (text === undefined) this.#db.prepared('delete from plugin_values where plugin = ? and key = ?').run(plugin, key)
    else {
      this.#db.prepared(upsert).run(plugin, key, text)
      size.keys += 1
      size.bytes += key.length + Buffer.byteLength(text)
    }
  }

  #text(plugin: string, key: string): string | undefined {
    return this.#db.prepared<{ value: string }>('select value from plugin_values where plugin = ? and key = ?').get(plugin, key)?.value
  }
}

function checkKey(key: string): string {
  if (/^[\x20-\x7e]{1,256}$/.test(key)) return key
  throw new StandinError('invalid', `${JSON.stringify(key).slice(0, 80)} is no key: 1 to 256 printable ASCII characters`)
}
