import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  Client,
  FilterParser,
  MessageResponseStatus,
  PagedResultsControl,
  SearchRequest,
  type SearchResponse,
  StatusCodeParser,
} from 'ldapts'
import { SourceFailure } from '../directory.ts'
import { readSecret } from '../read-secret.ts'
import type { LdapConfig } from './ldap-config.ts'
import { type LdapEntry, toEntry } from './ldap-entry.ts'
import { reasonOf } from './ldap-reasons.ts'
import { readCertificates } from './read-certificates.ts'

const connectMs = 10_000
const answerMs = 60_000
/** Of the server's own patience with one search, seconds. */
const searchSeconds = 300
/** More than any directory has, and more pages that bring nobody than any server sends: what has no end, ends there. */
const mostEntries = 1_000_000
const mostIdlePages = 1_000
/** Parts of Active Directory that every search from its root refers to, and that nobody is in. */
const emptyParts = /^ldaps?:\/\/[^/]*\/(cn=configuration|dc=forestdnszones|dc=domaindnszones),/i

export interface LdapSearch {
  readonly base: string
  readonly filter: string
  readonly scope: 'base' | 'sub'
  readonly attributes: readonly string[]
}

export type LdapServer = Pick<LdapConfig, 'id' | 'url' | 'startTls' | 'caFile' | 'bind' | 'pageSize'>

/** A connection to a directory, for one reading. Whatever goes wrong with it is a SourceFailure that says what to do. */
export class LdapSession {
  readonly #server: LdapServer
  readonly #signal: AbortSignal
  readonly #client: Client
  readonly #link: SecureLink

  private constructor(server: LdapServer, client: Client, link: SecureLink, signal: AbortSignal) {
    this.#server = server
    this.#client = client
    this.#link = link
    this.#signal = signal
  }

  /** Connect, begin TLS, bind. */
  static async open(server: LdapServer, signal: AbortSignal): Promise<LdapSession> {
    const { id, url, startTls, caFile, bind } = server
    const password = bind === undefined ? null : await readSecret(id, 'the bind password', bind.passwordFile)
    const tls = { ...(caFile === undefined ? {} : { ca: await readCertificates(id, caFile) }), minVersion: 'TLSv1.2' as const }
    const isSecure = url.startsWith('ldaps:')
    const link = new SecureLink()
    const client = new Client({
      url,
      timeout: answerMs,
      connectTimeout: connectMs,
      ...(isSecure ? { tlsOptions: tls } : {}),
      createSecureConnection: ((...options: Parameters<typeof connect>) => link.watch(connect(...options), options)) as typeof connect,
    })
    const session = new LdapSession(server, client, link, signal)
    signal.addEventListener('abort', session.#end, { once: true })
    try {
      const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
      if (startTls) {
        await session.#do('can not begin TLS', client.startTLS({ ...tls, host, ...(isIP(host) === 0 ? { servername: host } : {}) }))
      }
      const who = bind === undefined ? 'anonymously' : `as ${bind.dn}`
      await session.#do(`can not bind ${who}`, client.bind(bind?.dn ?? '', password ?? ''))
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
    return session
  }

  /** All entries that fit, with all their values, or an error. */
  async search(search: LdapSearch): Promise<LdapEntry[]> {
    const entries: LdapEntry[] = []
    for (const entry of await this.#pages(search)) entries.push(entry.cut.size === 0 ? entry : await this.#whole(entry))
    return entries
  }

  /**
   * Page by page (RFC 2696). The library's own paging takes an empty page for the end, which it is not while there is a cookie:
   * servers that look for long in vain send such pages. Who is not read would be taken for gone, hence this loop, on the library's
   * internal `_send`.
   */
  async #pages({ base, filter, scope, attributes }: LdapSearch): Promise<Iterable<LdapEntry>> {
    const entries = new Map<string, LdapEntry>()
    const { pageSize: size } = this.#server
    const paging = new PagedResultsControl({ value: { size } })
    const request = new SearchRequest({
      messageId: 0,
      baseDN: base,
      scope,
      filter: FilterParser.parseString(filter),
      attributes: [...attributes],
      timeLimit: searchSeconds,
      controls: scope === 'base' ? [] : [paging],
    })
    for (let idlePages = 0; ; ) {
      this.#signal.throwIfAborted()
      const before = entries.size
      const what = `the search below ${base === '' ? 'the root' : base} ends after ${before} entries`
      const result = await this.#do(what, this.#page(request))
      this.#refuseReferences(what, result)
      for (const entry of result.searchEntries) entries.set(entry.name, toEntry(entry))
      const cookie = result.controls?.find((control) => control instanceof PagedResultsControl)?.value?.cookie
      if (cookie === undefined || cookie.length === 0) return entries.values()
      idlePages = entries.size === before ? idlePages + 1 : 0
      // Whoever gives the same ones again leads in circles; a page of none is no reason yet.
      if (entries.size > mostEntries || idlePages > (result.searchEntries.length > 0 ? 0 : mostIdlePages)) {
        throw this.#failure(what, 'the pages of the server come to no end')
      }
      paging.value = { size, cookie }
    }
  }

  /** Somebody elsewhere would be taken for gone; whose password is meant for this server is not to be sent to another one. */
  #refuseReferences(what: string, { searchReferences }: SearchResponse): void {
    for (const text of searchReferences.flatMap(({ uris }) => uris)) {
      if (emptyParts.test(text)) continue
      const hint = 'look at `base`, or name that server as a source of its own'
      throw this.#failure(what, `the server refers to ${text.slice(0, 200)} for a part of it, which is not followed: ${hint}`)
    }
  }

  /** With what was cut short, a part at a time. */
  async #whole(entry: LdapEntry): Promise<LdapEntry> {
    const values = new Map(entry.values)
    for (const [attribute, first] of entry.cut) {
      for (let next: number | undefined = first; next !== undefined; ) {
        const attributes = [`${attribute};range=${next}-*`]
        const [part] = await this.#pages({ base: entry.dn, filter: '(objectClass=*)', scope: 'base', attributes })
        const more = part?.values.get(attribute) ?? []
        const goesOn: number | undefined = part?.cut.get(attribute)
        if (more.length === 0 || (goesOn !== undefined && (goesOn <= next || goesOn > mostEntries))) {
          throw this.#failure(entry.dn, `the server gives ${next} values of ${attribute}, and does not come to their end`)
        }
        values.set(attribute, [...(values.get(attribute) ?? []), ...more])
        next = goesOn
      }
    }
    return { ...entry, values, cut: new Map() }
  }

  async #page(request: SearchRequest): Promise<SearchResponse> {
    // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private members be reached by their names alone
    request.messageId = this.#client['_nextMessageId']()
    // biome-ignore lint/complexity/useLiteralKeys: as above
    const result = (await this.#client['_send'](request)) as SearchResponse | undefined
    if (result?.status !== MessageResponseStatus.Success) throw StatusCodeParser.parse(result)
    return result
  }

  /** @throws SourceFailure */
  async #do<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#link.lost])
    } catch (cause) {
      this.#signal.throwIfAborted()
      throw this.#failure(what, reasonOf(cause), cause)
    }
  }

  #failure(what: string, why: string, cause?: unknown): SourceFailure {
    const { id, url } = this.#server
    return new SourceFailure(`${id}: ${url}: ${what}: ${why}`, { cause })
  }

  readonly #end = () => {
    if (!this.#link.isLost) this.#client.unbind().catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#end)
    if (!this.#link.isLost) await this.#client.unbind().catch(() => {})
  }
}

/** What the library does not see of TLS: a handshake that nobody answers, and, where TLS was begun later, that the connection ends. */
class SecureLink {
  readonly #lost = Promise.withResolvers<never>()
  isLost = false

  constructor() {
    this.#lost.promise.catch(() => {})
  }

  /** Rejects once it ends. */
  get lost(): Promise<never> {
    return this.#lost.promise
  }

  watch(socket: TLSSocket, [options]: readonly unknown[]): TLSSocket {
    socket.setTimeout(connectMs, () => socket.destroy(new Error('no answer to the TLS handshake')))
    socket.once('secureConnect', () => socket.setTimeout(0))
    socket.once('close', () => {
      this.isLost = true
      this.#lost.reject(new Error('Connection closed'))
      // The one that TLS was begun on: the library waits for that.
      if (typeof options === 'object') (options as ConnectionOptions).socket?.destroy()
    })
    return socket
  }
}
