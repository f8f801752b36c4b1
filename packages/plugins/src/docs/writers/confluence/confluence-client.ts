import { Buffer } from 'node:buffer'
import { readSecretFile } from '@standin/core'
import Type, { type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { TryLater } from '../page-writer.ts'

const timeoutMs = 30_000
const againMs = 60_000
/** A token that is refused is not mended by asking often. */
const refusedMs = 300_000
const mostRetryMs = 86_400_000

export interface ConfluenceAccess {
  /** `https://example.atlassian.net`, without a path. */
  readonly site: string
  readonly email: string
  /** A file that holds an API token and nothing else. */
  readonly tokenFile: string
}

/** A page as Confluence answers with it (REST v2, Page). The body is in the storage format. */
const RemotePage = Type.Object({
  id: Type.String(),
  status: Type.String(),
  title: Type.String(),
  version: Type.Object({ number: Type.Integer() }),
  body: Type.Optional(Type.Object({ storage: Type.Optional(Type.Object({ value: Type.String() })) })),
})
export type RemotePage = Static<typeof RemotePage>

const listOf = <T extends TSchema>(item: T) => Type.Object({ results: Type.Array(item) })
const Spaces = listOf(Type.Object({ id: Type.String() }))
const Pages = listOf(RemotePage)
const Labels = listOf(Type.Object({ name: Type.String() }))

export interface PageContent {
  readonly title: string
  readonly value: string
}

/** A refusal of this one request. */
export class ConfluenceRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Confluence Cloud's REST API: version 2, and version 1 for labels, attachments and the archive, which 2 can't change.
 * Every call throws TryLater where Confluence asks for patience, can't be reached or refuses the token, and ConfluenceRefusal
 * where it refuses what it was asked.
 */
export class ConfluenceClient {
  readonly #access: ConfluenceAccess

  constructor(access: ConfluenceAccess) {
    this.#access = access
  }

  /** @returns null: there is no such space, or it can't be seen */
  async spaceId(key: string, signal: AbortSignal): Promise<string | null> {
    const answer = await this.#ask(Spaces, 'GET', `/wiki/api/v2/spaces?keys=${encodeURIComponent(key)}`, { signal })
    return answer.results[0]?.id ?? null
  }

  /** @returns null: there is none, or it is in the trash */
  async page(id: string, signal: AbortSignal): Promise<RemotePage | null> {
    try {
      const page = await this.#ask(RemotePage, 'GET', `/wiki/api/v2/pages/${encodeURIComponent(id)}?body-format=storage`, { signal })
      return page.status === 'current' ? page : null
    } catch (error) {
      if (error instanceof ConfluenceRefusal && error.status === 404) return null
      throw error
    }
  }

  /**
   * Titles are unique within a space, whatever their case; this finds only the very same one, and only where the account may see it.
   * @returns null: there is none
   */
  async pageByTitle(spaceId: string, title: string, signal: AbortSignal): Promise<RemotePage | null> {
    const query = new URLSearchParams({ 'space-id': spaceId, title, status: 'current', 'body-format': 'storage' })
    const answer = await this.#ask(Pages, 'GET', `/wiki/api/v2/pages?${query}`, { signal })
    return answer.results[0] ?? null
  }

  create(spaceId: string, parentId: string | null, { title, value }: PageContent, signal: AbortSignal): Promise<RemotePage> {
    const place = parentId === null ? {} : { parentId }
    const body = { spaceId, status: 'current', title, ...place, body: { representation: 'storage', value } }
    return this.#ask(RemotePage, 'POST', '/wiki/api/v2/pages', { signal, body })
  }

  /** @param version of the page that was read; another one by now is refused with 409 */
  update(id: string, version: number, parentId: string | null, content: PageContent, signal: AbortSignal): Promise<RemotePage> {
    const { title, value } = content
    const place = parentId === null ? {} : { parentId }
    const next = { number: version + 1, message: 'Standin' }
    const body = { id, status: 'current', title, ...place, body: { representation: 'storage', value }, version: next }
    return this.#ask(RemotePage, 'PUT', `/wiki/api/v2/pages/${encodeURIComponent(id)}`, { signal, body })
  }

  /** Into the trash of the space. No error where it is gone. */
  async delete(id: string, signal: AbortSignal): Promise<void> {
    await this.#unlessGone(this.#call('DELETE', `/wiki/api/v2/pages/${encodeURIComponent(id)}`, { signal }))
  }

  async archive(id: string, signal: AbortSignal): Promise<void> {
    await this.#unlessGone(this.#call('POST', '/wiki/rest/api/content/archive', { signal, body: { pages: [{ id: Number(id) }] } }))
  }

  async labels(id: string, signal: AbortSignal): Promise<string[]> {
    const answer = await this.#ask(Labels, 'GET', `/wiki/api/v2/pages/${encodeURIComponent(id)}/labels?limit=250`, { signal })
    return answer.results.map(({ name }) => name)
  }

  async addLabels(id: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const body = names.map((name) => ({ prefix: 'global', name }))
    await this.#call('POST', `/wiki/rest/api/content/${encodeURIComponent(id)}/label`, { signal, body })
  }

  async removeLabel(id: string, name: string, signal: AbortSignal): Promise<void> {
    const path = `/wiki/rest/api/content/${encodeURIComponent(id)}/label?name=${encodeURIComponent(name)}`
    await this.#unlessGone(this.#call('DELETE', path, { signal }))
  }

  /** Made, or changed where the page has one of that name. */
  async attach(id: string, file: string, type: string, content: string, signal: AbortSignal): Promise<void> {
    const form = new FormData()
    form.set('file', new Blob([content], { type }), file)
    form.set('minorEdit', 'true')
    await this.#call('PUT', `/wiki/rest/api/content/${encodeURIComponent(id)}/child/attachment`, { signal, form })
  }

  async #unlessGone(call: Promise<unknown>): Promise<void> {
    try {
      await call
    } catch (error) {
      if (!(error instanceof ConfluenceRefusal && error.status === 404)) throw error
    }
  }

  async #ask<S extends TSchema>(schema: S, method: string, path: string, request: Request): Promise<Static<S>> {
    const answer = await this.#call(method, path, request)
    if (Value.Check(schema, answer)) return answer
    throw new TryLater(`${this.#access.site} answers ${method} ${path.split('?')[0]} with something else than Confluence does`, againMs)
  }

  async #call(method: string, path: string, { signal, body, form }: Request): Promise<unknown> {
    const headers: Record<string, string> = { accept: 'application/json', authorization: await this.#authorization() }
    if (body !== undefined) headers['content-type'] = 'application/json'
    // Without it, attachments are refused as forgeries of a browser.
    if (form !== undefined) headers['x-atlassian-token'] = 'nocheck'
    let response: Response
    let text: string
    try {
      response = await fetch(`${this.#access.site}${path}`, {
        method,
        headers,
        ...(body === undefined && form === undefined ? {} : { body: form ?? JSON.stringify(body) }),
        // Nobody else is to see the token.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      text = await response.text()
    } catch (cause) {
      signal.throwIfAborted()
      throw new TryLater(`${this.#access.site} can not be reached: ${reasonOf(cause)}`, againMs, { cause })
    }
    if (response.ok) return text === '' ? null : parse(text, this.#access.site)
    throw this.#failure(response, path, text)
  }

  #failure({ status, headers }: Response, path: string, text: string): Error {
    const { site, email, tokenFile } = this.#access
    // Of one page, people restrict who may change it.
    if (status === 403 && /\/(pages|content)\/\d/.test(path))
      return new ConfluenceRefusal(status, `${email} may not change this page (403)`)
    if (status === 401 || status === 403) {
      return new TryLater(`${site} refuses the token of ${email} (${status}): look at ${tokenFile}`, refusedMs)
    }
    if (status === 429 || status >= 500) {
      const why = status === 429 ? 'asks for fewer requests' : 'does not work'
      return new TryLater(`${site} ${why} (${status})`, retryAfterMs(headers) ?? againMs)
    }
    return new ConfluenceRefusal(status, `${site} answers ${status}: ${detailOf(text)}`)
  }

  /** The file is read each time: a new token counts at once. */
  async #authorization(): Promise<string> {
    const { email, tokenFile } = this.#access
    const token = await readSecretFile(tokenFile, 'the API token').catch((cause: Error) => {
      throw new TryLater(cause.message, againMs, { cause })
    })
    return `Basic ${Buffer.from(`${email}:${token.trim()}`).toString('base64')}`
  }
}

interface Request {
  readonly signal: AbortSignal
  readonly body?: unknown
  readonly form?: FormData
}

/** Seconds, or a date (RFC 9110, section 10.2.3) by the clock over there. @returns ms, a day at most; null: it can't be understood */
function retryAfterMs(headers: Headers): number | null {
  const after = headers.get('retry-after')
  if (after === null) return null
  const there = Date.parse(headers.get('date') ?? '')
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - (Number.isNaN(there) ? Date.now() : there)
  return Number.isNaN(ms) ? null : Math.min(mostRetryMs, Math.max(1000, ms))
}

function parse(text: string, site: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TryLater(`${site} answers with something else than JSON`, againMs, { cause })
  }
}

/** Version 2 answers with `errors`, version 1 with `message`. */
function detailOf(text: string): string {
  try {
    const { errors, message } = JSON.parse(text) as { errors?: { title?: string; detail?: string }[]; message?: string }
    const words = errors?.map(({ title, detail }) => [title, detail].filter(Boolean).join(': ')).join('; ') ?? message
    if (words) return words.slice(0, 300)
  } catch {
    // A page for people.
  }
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner)
}

/** `https://`, or anything on this machine, and nothing behind the host: the token goes there. */
export function isSite(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.origin !== text) return false
  return url.protocol === 'https:' || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname)
}
