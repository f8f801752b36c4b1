import { SourceFailure } from '../directory.ts'
import { readSecret } from '../read-secret.ts'

const timeoutMs = 60_000
/** Okta's windows are a minute long: who has to wait longer, or more often, fails, and comes again when the next run is due. */
const mostWaitMs = 120_000
const mostWaits = 30
/** Lists have at most so many on a page. */
const pageSize = 200
/** More pages than any organization has: a list that leads in circles ends. */
const mostPages = 20_000

export interface OktaAccess {
  /** Of the source. */
  readonly id: string
  readonly site: string
  readonly tokenFile: string
  /** @throws the signal's reason */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * Lists of Okta's API, page by page, at the pace that it allows: after the last request of a window, and when it says 429, the
 * next one waits until the window ends.
 */
export class OktaClient {
  readonly #access: OktaAccess
  readonly #signal: AbortSignal
  readonly #token: string
  #waits = 0
  /** Until when to wait before the next request, ms. */
  #pauseMs = 0

  private constructor(access: OktaAccess, token: string, signal: AbortSignal) {
    this.#access = access
    this.#token = token
    this.#signal = signal
  }

  static async open(access: OktaAccess, signal: AbortSignal): Promise<OktaClient> {
    return new OktaClient(access, await readSecret(access.id, 'the API token', access.tokenFile), signal)
  }

  /**
   * All of a list, or an error.
   * @param path `/api/v1/users`
   * @throws SourceFailure
   */
  async list<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> {
    const items: T[] = []
    const { id, site } = this.#access
    const first = new URL(path, site)
    first.search = String(new URLSearchParams({ limit: String(pageSize), ...query }))
    const seen = new Set<string>()
    for (let next: string | null = first.href; next !== null; ) {
      if (seen.has(next) || seen.size === mostPages) throw new SourceFailure(`${id}: ${site}: the pages of ${path} lead in circles`)
      seen.add(next)
      const { body, link } = await this.#get(next, path)
      if (!Array.isArray(body)) throw new SourceFailure(`${id}: ${site}: ${path} is answered with something else than a list`)
      items.push(...(body as T[]))
      next = nextOf(link)
      // Nobody else is to see the token.
      if (next !== null && URL.parse(next)?.origin !== site)
        throw new SourceFailure(`${id}: ${site}: the next page of ${path} is at another site`)
    }
    return items
  }

  async #get(url: string, path: string): Promise<{ body: unknown; link: string | null }> {
    const { id, site } = this.#access
    for (;;) {
      await this.#rest()
      let response: Response
      let text: string
      try {
        response = await fetch(url, {
          headers: { accept: 'application/json', authorization: `SSWS ${this.#token}` },
          redirect: 'error',
          signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
        })
        text = await response.text()
      } catch (cause) {
        this.#signal.throwIfAborted()
        throw new SourceFailure(`${id}: ${site}: ${path} can not be read: ${reasonOf(cause)}`, { cause })
      }
      this.#note(response)
      if (response.status === 429) continue
      if (!response.ok) throw this.#refusal(response.status, path, text)
      try {
        return { body: JSON.parse(text), link: response.headers.get('link') }
      } catch (cause) {
        throw new SourceFailure(`${id}: ${site}: ${path} is answered with something else than JSON`, { cause })
      }
    }
  }

  /** How long the window still lasts where nothing is left of it, by Okta's own clock. */
  #note({ status, headers }: Response): void {
    const remaining = headers.get('x-rate-limit-remaining')
    if (status !== 429 && remaining !== '0') return
    const now = Date.parse(headers.get('date') ?? '')
    const reset = Number(headers.get('x-rate-limit-reset') ?? Number.NaN) * 1000
    const left = reset - now
    // A window of a minute, where it is not said.
    this.#pauseMs = Number.isFinite(left) ? Math.max(1_000, left + 1_000) : 60_000
  }

  async #rest(): Promise<void> {
    if (this.#pauseMs === 0) return
    const { id, site, sleep } = this.#access
    this.#waits += 1
    if (this.#pauseMs > mostWaitMs || this.#waits > mostWaits) {
      throw new SourceFailure(
        `${id}: ${site} allows no more requests for ${Math.ceil(this.#pauseMs / 1000)} s (rate limit): read it at another time`,
      )
    }
    await sleep(this.#pauseMs, this.#signal)
    this.#pauseMs = 0
  }

  #refusal(status: number, path: string, text: string): SourceFailure {
    const { id, site, tokenFile } = this.#access
    if (status === 401) return new SourceFailure(`${id}: ${site} refuses the API token: look at ${tokenFile}`)
    if (status === 403)
      return new SourceFailure(`${id}: ${site}: whose the API token is may not read ${path}: a read-only administrator may`)
    return new SourceFailure(`${id}: ${site}: ${path} is answered with ${status}${detailOf(text)}`)
  }
}

/** RFC 8288, section 3: Okta sends one `Link` for each relation. */
function nextOf(header: string | null): string | null {
  for (const [, url = '', parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    if (/;\s*rel="?next"?\s*(;|$)/i.test(parameters)) return url
  }
  return null
}

/** `errorSummary` and `errorCauses` of Okta's error object. */
function detailOf(text: string): string {
  try {
    const { errorCode = '', errorSummary = '' } = JSON.parse(text) as { errorCode?: string; errorSummary?: string }
    return errorSummary === '' ? '' : `: ${errorSummary.slice(0, 300)} (${errorCode.slice(0, 20)})`
  } catch {
    return ''
  }
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner)
}
