import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
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

const connectMs = 10_000
const answerMs = 60_000
/** Of the server's own patience with one search, seconds. */
const searchSeconds = 300

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

  private constructor(server: LdapServer, client: Client, signal: AbortSignal) {
    this.#server = server
    this.#client = client
    this.#signal = signal
  }

  /** Connect, begin TLS, bind. */
  static async open(server: LdapServer, signal: AbortSignal): Promise<LdapSession> {
    const { id, url, startTls, caFile, bind } = server
    const password = bind === undefined ? null : await readSecret(id, 'the bind password', bind.passwordFile)
    const tls = { ...(caFile === undefined ? {} : { ca: await readCertificates(id, caFile) }), minVersion: 'TLSv1.2' as const }
    const isSecure = url.startsWith('ldaps:')
    const client = new Client({
      url,
      timeout: answerMs,
      connectTimeout: connectMs,
      ...(isSecure ? { tlsOptions: tls } : {}),
      createSecureConnection: ((...options: Parameters<typeof connect>) => impatient(connect(...options))) as typeof connect,
    })
    const session = new LdapSession(server, client, signal)
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

  /**
   * All entries that fit, page by page (RFC 2696), or an error. The library's own paging takes an empty page for the end,
   * which it is not while there is a cookie: servers that look for long in vain send such pages. Who is not read would be taken for
   * gone, hence this loop, on the library's internal `_send`.
   */
  async search({ base, filter, scope, attributes }: LdapSearch): Promise<LdapEntry[]> {
    const entries: LdapEntry[] = []
    const paging = new PagedResultsControl({ value: { size: this.#server.pageSize } })
    const request = new SearchRequest({
      messageId: 0,
      baseDN: base,
      scope,
      filter: FilterParser.parseString(filter),
      attributes: [...attributes],
      timeLimit: searchSeconds,
      controls: scope === 'base' ? [] : [paging],
    })
    for (;;) {
      this.#signal.throwIfAborted()
      const what = `the search below ${base === '' ? 'the root' : base} ends after ${entries.length} entries`
      const result = await this.#do(what, this.#page(request))
      for (const entry of result.searchEntries) entries.push(toEntry(entry))
      const next = result.controls?.find((control) => control instanceof PagedResultsControl)?.value?.cookie
      if (next === undefined || next.length === 0) return entries
      paging.value = { size: this.#server.pageSize, cookie: next }
    }
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
      return await work
    } catch (cause) {
      this.#signal.throwIfAborted()
      const { id, url } = this.#server
      throw new SourceFailure(`${id}: ${url}: ${what}: ${reasonOf(cause)}`, { cause })
    }
  }

  readonly #end = () => {
    this.#client.unbind().catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#end)
    await this.#client.unbind().catch(() => {})
  }
}

async function readCertificates(id: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new SourceFailure(`${id}: the certificates can not be read from ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

/** A handshake that nobody answers would be waited for without end. */
function impatient(socket: TLSSocket): TLSSocket {
  socket.setTimeout(connectMs, () => socket.destroy(new Error('no answer to the TLS handshake')))
  socket.once('secureConnect', () => socket.setTimeout(0))
  return socket
}
