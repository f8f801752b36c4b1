import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import { StandinError } from '@standin/client/errors'
import { whyUnreadable } from './why-unreadable.ts'

/** What the admin listener shows. */
export interface AdminSource {
  /** `gateway`: whose listener it is, for errors. */
  readonly name: string
  /** Where its table can be read: `/routes`. */
  readonly tablePath: string
  /** Null: it takes traffic. Else why it doesn't. */
  notReady(): string | null
  metrics(): Promise<{ contentType: string; text: string }>
  /** @param environment undefined: all, in brief. @returns null: there is no such environment in the table */
  table(environment: number | undefined): Promise<object | null>
}

interface Address {
  readonly host: string
  readonly port: number
}

/** How often an older process is asked for its port, ms. */
const nextTryMs = 250

/**
 * Health, readiness, metrics and the table that is served, for those who run the process. On loopback without a token;
 * its answers show the table, so anywhere else the token is asked for.
 */
export class AdminServer {
  readonly #source: AdminSource
  readonly #tokenFile: string | null
  readonly #server: Server
  #nextTry: NodeJS.Timeout | undefined

  constructor(source: AdminSource, tokenFile: string | null) {
    this.#source = source
    this.#tokenFile = tokenFile
    this.#server = createServer({ keepAliveTimeout: 30_000, headersTimeout: 10_000, requestTimeout: 30_000 }, (req, res) => {
      this.#answer(req, res).catch((error: Error) => {
        const problem =
          error instanceof StandinError ? error : new StandinError('internal', `The ${source.name} failed to answer`, { cause: error })
        sendJson(res, problem.status, problem.toProblem(), 'application/problem+json')
      })
    })
  }

  /**
   * Returns the address.
   * @param options.takesOver an older process of ours may listen there still: it has the port until it ends, and its own
   * health is what it tells there until then
   * @throws StandinError `port_taken`, `invalid`
   */
  async listen(at: Address, { takesOver = false }: { readonly takesOver?: boolean } = {}): Promise<string> {
    await this.#checkTokenFile()
    try {
      await this.#listenOn(at)
    } catch (error) {
      if (!takesOver || !(error instanceof StandinError) || error.code !== 'port_taken') throw error
      this.#listenLater(at)
      return addressText(at.host, at.port)
    }
    const { address, port } = this.#server.address() as AddressInfo
    return addressText(address, port)
  }

  async close(): Promise<void> {
    clearTimeout(this.#nextTry)
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #listenOn({ host, port }: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        this.#server.off('listening', onListening)
        const code = error.code === 'EADDRINUSE' ? 'port_taken' : 'invalid'
        const what =
          code === 'port_taken'
            ? `${addressText(host, port)} is taken by another process`
            : `The ${this.#source.name} can not listen on ${addressText(host, port)}: ${error.message}`
        reject(new StandinError(code, what, { hint: 'Give it another address with --admin HOST:PORT, or --admin off', cause: error }))
      }
      const onListening = () => {
        this.#server.off('error', onError)
        resolve()
      }
      this.#server.once('error', onError).once('listening', onListening).listen({ host, port, exclusive: true })
    })
  }

  #listenLater(at: Address): void {
    this.#nextTry = setTimeout(() => {
      this.#listenOn(at).catch(() => this.#listenLater(at))
    }, nextTryMs)
    this.#nextTry.unref()
  }

  /** A name that is wrong is told at the start, and not to whoever asks one day. */
  async #checkTokenFile(): Promise<void> {
    if (this.#tokenFile === null) return
    const hint = 'Name a file that holds the token, alone on its line'
    const text = await readFile(this.#tokenFile, 'utf8').catch((error: Error) => {
      throw new StandinError('invalid', `--admin-token-file ${this.#tokenFile} can not be read: ${whyUnreadable(error)}`, {
        hint,
        cause: error,
      })
    })
    if (text.trim() === '') throw new StandinError('invalid', `--admin-token-file ${this.#tokenFile} is empty`, { hint })
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://admin')
    if (req.method !== 'GET' && req.method !== 'HEAD') throw new StandinError('invalid', 'The admin listener is for looking: GET only')
    // A web page that gave its own name this address must not read what the browser gets for it.
    if (!isOwnName(req.headers.host ?? '')) throw new StandinError('misdirected', `${req.headers.host} is no name of the admin listener`)
    if (url.pathname === '/healthz') return sendJson(res, 200, { status: 'ok' })
    if (url.pathname === '/readyz') {
      const why = this.#source.notReady()
      return why === null ? sendJson(res, 200, { status: 'ready' }) : sendJson(res, 503, { status: 'not ready', reason: why })
    }
    await this.#authenticate(req)
    if (url.pathname === '/metrics') {
      const { contentType, text } = await this.#source.metrics()
      res.writeHead(200, { 'content-type': contentType }).end(text)
      return
    }
    if (url.pathname === this.#source.tablePath) return sendJson(res, 200, await this.#table(url))
    throw new StandinError('route_not_found', `There is no ${url.pathname} here`, {
      hint: `There are /healthz, /readyz, /metrics and ${this.#source.tablePath}`,
    })
  }

  async #table(url: URL): Promise<object> {
    const text = url.searchParams.get('environment')
    if (text !== null && !/^[0-9]{1,9}$/.test(text)) throw new StandinError('invalid', `${text} is no configId`)
    const found = await this.#source.table(text === null ? undefined : Number(text))
    if (found === null) throw new StandinError('environment_not_found', `The ${this.#source.name} has no environment ${text}`)
    return found
  }

  /** The file is read anew each time: a token that was replaced is the one that counts. */
  async #authenticate(req: IncomingMessage): Promise<void> {
    if (this.#tokenFile === null) return
    const expected = (await readFile(this.#tokenFile, 'utf8').catch(() => '')).trim()
    if (expected === '') throw new StandinError('unauthenticated', `The token file ${this.#tokenFile} can not be read, or is empty`)
    const given = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
    if (!timingSafeEqual(digest(given), digest(expected))) {
      throw new StandinError('unauthenticated', 'The admin listener needs a token', {
        hint: 'Send `Authorization: Bearer` with what --admin-token-file holds',
      })
    }
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

const addressText = (host: string, port: number): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`

/** An address, or loopback's name. */
const isOwnName = (host: string): boolean => {
  const name = host.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '')
  return isIP(name) !== 0 || name === 'localhost'
}

const sendJson = (res: ServerResponse, status: number, body: object, type = 'application/json'): void => {
  if (res.headersSent) {
    res.destroy()
    return
  }
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`)
}
