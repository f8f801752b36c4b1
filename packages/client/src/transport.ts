import { delayBefore, pause } from './backoff.ts'
import type { AnswerOf, CallOptions, RequestOptions, Route } from './endpoint-types.ts'
import { StandinError } from './errors.ts'
import { isTransient, problemOf, unreachable } from './transport-errors.ts'

export interface TransportOptions {
  /** `http://127.0.0.1:7077`; a trailing slash or `/v1` does no harm. */
  readonly url: string
  readonly token: string
  /** For whom: `token:directory`, `user:alice`. Who did it is then the token's own name, `for`, and this. */
  readonly onBehalfOf?: string | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Ends everything that goes through this client. */
  readonly signal?: AbortSignal | undefined
}

/** A request that is not answered within this time (ms) is given up and, where safe, made again. */
const answerTimeoutMs = 30_000
/** One second and a half in all, then control is not just starting again. */
const maxAttempts = 6
const backoff = { first: 50, max: 800 }

/** For whom a request is made, percent-encoded. */
export const behalfHeader = 'standin-on-behalf-of'

interface Outgoing {
  readonly params?: Readonly<Record<string, unknown>> | undefined
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  readonly idempotencyKey?: string | undefined
  /** Sent as it is, with this media type. */
  readonly upload?:
    | { readonly type: string; readonly body: BodyInit | ReadableStream<Uint8Array>; readonly repeatable: boolean }
    | undefined
  readonly accept?: string | undefined
  /** The request holds only for this revision (RFC 9110, section 13.1.1). */
  readonly ifRevision?: number | undefined
}

interface OpenOptions {
  readonly accept: string
  /** Milliseconds until the answer has to begin. */
  readonly answerWithinMs?: number | undefined
}

/**
 * Requests to one control plane: authentication, idempotency keys, retries, problem documents into errors.
 *
 * Every request may be made twice: reading is safe, and a mutation carries an Idempotency-Key that is the same for all
 * its attempts. Only a body that is streamed can't be sent again.
 */
export class Transport {
  readonly url: string
  readonly #token: string
  readonly #onBehalfOf: string | undefined
  readonly #fetch: typeof globalThis.fetch
  readonly #signal: AbortSignal | undefined

  /** @throws StandinError `invalid` for an address that isn't http(s) */
  constructor(options: TransportOptions) {
    const parsed = URL.parse(options.url)
    if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
      throw new StandinError('invalid', `'${options.url}' is not the address of a control plane`, {
        hint: 'Write it as http://127.0.0.1:7077',
      })
    }
    this.url = parsed.href.replace(/\/(v1\/?)?$/, '')
    this.#token = options.token
    this.#onBehalfOf = options.onBehalfOf
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#signal = options.signal
  }

  /** @throws StandinError of the server's problem document, `unreachable`, `timeout`; the signal's reason */
  async call<R extends Route>(route: R, options: CallOptions<R>): Promise<AnswerOf<R>> {
    return this.#retry(route, options, async (key) => {
      const outgoing: Outgoing = { ...(options as Outgoing), idempotencyKey: key }
      const response = await this.#send(route, outgoing, AbortSignal.timeout(answerTimeoutMs))
      if (response.status === 204) return undefined as AnswerOf<R>
      return (await response.json()) as AnswerOf<R>
    })
  }

  /** Send a body that isn't JSON. A stream is sent once; bytes and blobs are sent again like everything else. */
  async upload<R extends Route>(route: R, upload: NonNullable<Outgoing['upload']>, options: Outgoing): Promise<AnswerOf<R>> {
    const once = async (key: string) => {
      const response = await this.#send(route, { ...options, upload, idempotencyKey: key }, undefined)
      return (await response.json()) as AnswerOf<R>
    }
    return this.#retry(route, options, once, upload.repeatable ? maxAttempts : 1)
  }

  /** Open a stream once; reading it, and opening it again, is the caller's. */
  async open<R extends Route>(route: R, options: CallOptions<R> & OpenOptions): Promise<Response> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), options.answerWithinMs ?? answerTimeoutMs)
    try {
      return await this.#send(route, options as Outgoing, late.signal)
    } catch (error) {
      if (late.signal.aborted && !this.#signalOf(options)?.aborted) throw this.#unanswered(route, error)
      throw this.#translate(error, options)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The address of an endpoint, parameters filled in. @throws StandinError `invalid` for a parameter that no path can hold */
  address(route: Route, options: Pick<Outgoing, 'params' | 'query'>): URL {
    const [, path = ''] = route.split(' ')
    const filled = path.replace(/:([a-z]+)/g, (_, name: string) => segment(name, String(options.params?.[name])))
    const url = new URL(this.url + filled)
    for (const [name, value] of Object.entries(options.query ?? {})) {
      for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) url.searchParams.append(name, String(each))
    }
    return url
  }

  async #retry<T>(route: Route, options: RequestOptions, once: (key: string) => Promise<T>, attempts = maxAttempts): Promise<T> {
    const key = options.idempotencyKey ?? crypto.randomUUID()
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(key)
      } catch (error) {
        const { failure, again } = this.#judge(error, options, route)
        if (!again || attempt + 1 >= attempts) throw failure
        await pause(delayBefore(attempt, backoff), this.#signalOf(options))
      }
    }
  }

  async #send(route: Route, outgoing: Outgoing, timeout: AbortSignal | undefined): Promise<Response> {
    const [method = 'GET'] = route.split(' ')
    const { upload, body } = outgoing
    const response = await this.#fetch(this.address(route, outgoing), {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: outgoing.accept ?? 'application/json',
        // A userName may have letters that no header can hold.
        ...(this.#onBehalfOf === undefined ? {} : { [behalfHeader]: encodeURIComponent(this.#onBehalfOf) }),
        ...(method === 'GET' || outgoing.idempotencyKey === undefined ? {} : { 'idempotency-key': outgoing.idempotencyKey }),
        ...(outgoing.ifRevision === undefined ? {} : { 'if-match': `"${outgoing.ifRevision}"` }),
        ...(upload === undefined ? {} : { 'content-type': upload.type }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(upload === undefined ? {} : { body: upload.body, duplex: 'half' }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...signalOption(this.#signalOf(outgoing), timeout),
    } as RequestInit)
    if (!response.ok) throw await problemOf(response, this.url)
    return response
  }

  #judge(error: unknown, options: RequestOptions, route: Route): { failure: unknown; again: boolean } {
    if (this.#signalOf(options)?.aborted) return { failure: this.#signalOf(options)?.reason, again: false }
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return { failure: this.#unanswered(route, error), again: false }
    }
    return { failure: this.#translate(error, options), again: isTransient(error) }
  }

  #unanswered(route: Route, cause: unknown): StandinError {
    return new StandinError('timeout', `The control plane at ${this.url} does not answer ${route}`, {
      hint: 'It may be overloaded or frozen: see its log',
      cause,
    })
  }

  #translate(error: unknown, options: RequestOptions): unknown {
    const signal = this.#signalOf(options)
    if (signal?.aborted) return signal.reason
    return error instanceof StandinError ? error : unreachable(this.url, error)
  }

  #signalOf(options: RequestOptions): AbortSignal | undefined {
    if (options.signal === undefined || this.#signal === undefined) return options.signal ?? this.#signal
    return AbortSignal.any([options.signal, this.#signal])
  }
}

/** One segment of a path. `..` would be another path, however it is written (WHATWG URL, section 4.4). */
function segment(name: string, value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new StandinError('invalid', `'${value}' is not a ${name}`)
  return encodeURIComponent(value)
}

function signalOption(...signals: readonly (AbortSignal | undefined)[]): { signal?: AbortSignal } {
  const given = signals.filter((signal) => signal !== undefined)
  const [first] = given
  if (first === undefined) return {}
  return { signal: given.length === 1 ? first : AbortSignal.any(given) }
}
