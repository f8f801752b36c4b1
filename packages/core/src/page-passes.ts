import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { StandinError } from '@standin/client'
import type { PluginClock, PluginStore } from './plugin.ts'

/** What lets a browser see a page of a plugin, as it is listed: never the secret. */
export interface PagePass {
  readonly id: string
  /** Which screen, or which page, it is for. */
  readonly name: string
  /** `token:alice`. */
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

/** As it is kept: times are ms since the epoch, of the secret only its SHA-256. */
interface KeptPass {
  readonly name: string
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly hash: string
  readonly [key: string]: string | number
}

const linkMs = 10 * 60_000
const mostPasses = 200

export interface PagePassOptions {
  /** Of the keys below which they are kept: `board/`. */
  readonly prefix: string
  /** What to do where there are too many. */
  readonly hint: string
}

/**
 * How a browser that has no token gets to see a page of a plugin: a link that works once, within ten minutes, gives it a pass,
 * which is good for that page and nothing else until it expires or is revoked. Both are `<id>.<secret>`.
 */
export class PagePasses {
  readonly #store: PluginStore
  readonly #clock: PluginClock
  readonly #hint: string
  readonly #passes: string
  readonly #links: string

  constructor(store: PluginStore, clock: PluginClock, { prefix, hint }: PagePassOptions) {
    this.#store = store
    this.#clock = clock
    this.#hint = hint
    this.#passes = `${prefix}pass/`
    this.#links = `${prefix}link/`
  }

  /**
   * @param lifeMs of the pass, from when the link is used
   * @returns the text of a link, this once
   * @throws StandinError `state_conflict` where there are too many
   */
  async invite(name: string, lifeMs: number, createdBy: string): Promise<{ code: string; expiresAt: string }> {
    const left = await this.#forgetExpired()
    if (left >= mostPasses) {
      throw new StandinError('state_conflict', `${left} browsers have been let in, or invited, already`, { hint: this.#hint })
    }
    const now = this.#clock.now()
    const { id, secret, hash } = newSecret()
    const link = { name, createdBy, createdAt: now, expiresAt: now + linkMs, lifeMs, hash }
    await this.#store.set(this.#links + id, link)
    return { code: `${id}.${secret}`, expiresAt: new Date(link.expiresAt).toISOString() }
  }

  /** @returns the pass and its text, this once; null where the link is unknown, was used, or is too old */
  async enter(code: string): Promise<{ text: string; pass: PagePass } | null> {
    const [id, secret] = split(code)
    const link = await this.#store.get<KeptPass & { lifeMs: number }>(this.#links + id)
    const now = this.#clock.now()
    if (!isSame(secret, link) || link.expiresAt <= now) return null
    const { name, createdBy, lifeMs } = link
    const made = newSecret()
    const kept = { name, createdBy, createdAt: now, expiresAt: now + lifeMs, hash: made.hash }
    // Both or nothing: of two that come with it at once, one gets in.
    const isFirst = await this.#store.write([
      { key: this.#links + id, value: undefined, expected: link },
      { key: this.#passes + made.id, value: kept },
    ])
    return isFirst ? { text: `${made.id}.${made.secret}`, pass: toPass(made.id, kept) } : null
  }

  /** Whose pass this is; null where it is none, was revoked, or has expired. */
  async check(text: string): Promise<PagePass | null> {
    const [id, secret] = split(text)
    const kept = await this.#store.get<KeptPass>(this.#passes + id)
    return isSame(secret, kept) && kept.expiresAt > this.#clock.now() ? toPass(id, kept) : null
  }

  async list(): Promise<PagePass[]> {
    await this.#forgetExpired()
    const entries = await this.#store.list<KeptPass>({ prefix: this.#passes })
    return entries.map(({ key, value }) => toPass(key.slice(this.#passes.length), value))
  }

  /** @returns whether there was one */
  revoke(id: string): Promise<boolean> {
    return isId(id) ? this.#store.delete(this.#passes + id) : Promise.resolve(false)
  }

  /** @returns how many passes and links are left */
  async #forgetExpired(): Promise<number> {
    let left = 0
    for (const prefix of [this.#passes, this.#links]) {
      for (const { key, value } of await this.#store.list<KeptPass>({ prefix })) {
        if (value.expiresAt <= this.#clock.now()) await this.#store.delete(key)
        else left += 1
      }
    }
    return left
  }
}

function newSecret(): { id: string; secret: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { id: randomBytes(6).toString('hex'), secret, hash: sha256(secret).toString('hex') }
}

/** What can't be one has an id that nothing has. */
function split(text: string): readonly [id: string, secret: string] {
  const match = /^([0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/.exec(text)
  return [match?.[1] ?? 'none', match?.[2] ?? '']
}

function isId(text: string): boolean {
  return /^[0-9a-f]{12}$/.test(text)
}

function isSame<T extends KeptPass>(secret: string, kept: T | undefined): kept is T {
  return timingSafeEqual(sha256(secret), kept === undefined ? Buffer.alloc(32) : Buffer.from(kept.hash, 'hex'))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function toPass(id: string, { name, createdBy, createdAt, expiresAt }: KeptPass): PagePass {
  return { id, name, createdBy, createdAt: new Date(createdAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() }
}
