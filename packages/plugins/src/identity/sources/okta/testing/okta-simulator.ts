import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SimulatedUser {
  readonly id: string
  status: string
  profile: Record<string, unknown>
}

export interface SimulatedGroup {
  readonly id: string
  readonly type: 'OKTA_GROUP' | 'APP_GROUP' | 'BUILT_IN'
  readonly name: string
  readonly members: Set<string>
}

/** How a request that is right goes wrong. */
export type OktaMisfortune =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'cut in the middle'
  | 'no JSON'
  | 'another site'
  | 'in circles'

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly links?: readonly string[]
}

const errors = {
  400: ['E0000001', 'Api validation failed'],
  401: ['E0000011', 'Invalid token provided'],
  404: ['E0000007', 'Not found: Resource not found'],
  405: ['E0000022', 'The endpoint does not support the provided HTTP method'],
  406: ['E0000003', 'The request body was not well-formed.'],
  429: ['E0000047', 'API call exceeded rate limit due to too many requests.'],
} as const

/**
 * Okta's Users and Groups API as its documentation describes it, as far as lists go: pages by `Link`, rate limits by their
 * headers, error objects. A request that is not right in its method, path, query and headers is refused as documented, and kept in
 * `faults`.
 */
export class OktaSimulator {
  readonly token = '00QCjAl4MlV-WPXM-OfTheTest'
  readonly users: SimulatedUser[] = []
  readonly groups: SimulatedGroup[] = []
  readonly requests: string[] = []
  readonly faults: string[] = []
  /** Requests that a window allows. */
  limit = 600
  /** Seconds until the window ends. */
  resetIn = 30
  /** Left of this window. */
  remaining = 600
  readonly #misfortunes: { readonly call: RegExp; readonly misfortune: OktaMisfortune }[] = []
  readonly #cursors = new Map<string, { readonly list: string; readonly at: number }>()
  readonly #server: Server
  #site = ''

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#site = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this.#site
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The next requests that fit meet them: `/users\?/`. */
  upset(call: RegExp, ...misfortunes: readonly OktaMisfortune[]): void {
    for (const misfortune of misfortunes) this.#misfortunes.push({ call, misfortune })
  }

  add(login: string, more: Record<string, unknown> = {}, status = 'ACTIVE'): SimulatedUser {
    const id = `00u${String(this.users.length).padStart(17, '0')}`
    const [firstName = '', lastName = ''] = login.split('@')
    const user = { id, status, profile: { login, email: login, firstName, lastName, ...more } }
    this.users.push(user)
    return user
  }

  /** The window is over. */
  refill(): void {
    this.remaining = this.limit
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.#site)
    const name = `${request.method} ${url.pathname}${url.search}`
    this.requests.push(name)
    const index = this.#misfortunes.findIndex(({ call }) => call.test(name))
    const [upset] = index < 0 ? [] : this.#misfortunes.splice(index, 1)
    const misfortune = upset?.misfortune
    if (misfortune === 'no JSON') return void response.writeHead(200, this.#rates()).end('<html>Sign in</html>')
    if (typeof misfortune === 'object') {
      response.writeHead(misfortune.status, { ...this.#rates(), ...misfortune.headers }).end(misfortune.body ?? '')
      return
    }
    const answer = this.#answer(request, url)
    if ([400, 404, 405, 406].includes(answer.status)) this.faults.push(`${name}: ${JSON.stringify(answer.body)}`)
    const text = JSON.stringify(answer.body)
    let links = answer.links ?? []
    if (misfortune === 'another site') links = ['<http://127.0.0.2:1/api/v1/users?after=x>; rel="next"']
    if (misfortune === 'in circles') links = [`<${url.href}>; rel="next"`]
    const headers = { ...this.#rates(), 'content-type': 'application/json', link: [...links] }
    if (misfortune !== 'cut in the middle') return void response.writeHead(answer.status, headers).end(text)
    response.writeHead(answer.status, { ...headers, 'content-length': String(text.length) })
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy())
  }

  #rates(): Record<string, string> {
    const now = Math.floor(Date.now() / 1000)
    return {
      date: new Date(now * 1000).toUTCString(),
      'x-rate-limit-limit': String(this.limit),
      'x-rate-limit-remaining': String(this.remaining),
      'x-rate-limit-reset': String(now + this.resetIn),
    }
  }

  #answer({ method, headers }: IncomingMessage, url: URL): Answer {
    if (method !== 'GET') return problem(405)
    if (headers.authorization !== `SSWS ${this.token}`) return problem(401)
    if (headers.accept !== 'application/json') return problem(406, 'accept')
    if (this.remaining === 0) return problem(429)
    this.remaining -= 1
    if (url.pathname === '/api/v1/users') {
      const search = url.searchParams.get('search')
      // Without a search, those who are deprovisioned are left out.
      const found = this.users.filter((user) => (search === null ? user.status !== 'DEPROVISIONED' : isFound(user, search)))
      return this.#page(url, ['search'], found)
    }
    if (url.pathname === '/api/v1/groups') {
      const type = /^type eq "(\w+)"$/.exec(url.searchParams.get('filter') ?? '')?.[1]
      if (url.searchParams.has('filter') && type === undefined) return problem(400, 'filter')
      const found = this.groups.filter((group) => type === undefined || group.type === type)
      return this.#page(
        url,
        ['filter'],
        found.map(({ id, type: kind, name }) => ({ id, type: kind, profile: { name } })),
      )
    }
    const id = /^\/api\/v1\/groups\/(\w+)\/users$/.exec(url.pathname)?.[1]
    const group = this.groups.find((each) => each.id === id)
    if (group === undefined) return problem(404)
    return this.#page(
      url,
      [],
      this.users.filter((user) => group.members.has(user.id)),
    )
  }

  #page(url: URL, known: readonly string[], all: readonly unknown[]): Answer {
    for (const key of url.searchParams.keys()) if (!['limit', 'after', ...known].includes(key)) return problem(400, `no parameter ${key}`)
    const limit = Number(url.searchParams.get('limit') ?? 200)
    if (!Number.isInteger(limit) || limit < 1 || limit > 200) return problem(400, 'limit')
    const after = url.searchParams.get('after')
    const cursor = after === null ? undefined : this.#cursors.get(after)
    const query = new URLSearchParams(url.searchParams)
    query.delete('after')
    const list = `${url.pathname}?${query}`
    if (after !== null && cursor?.list !== list) return problem(400, 'after')
    const at = cursor?.at ?? 0
    const links = [`<${url.href}>; rel="self"`]
    if (at + limit < all.length) {
      const next = `cur${this.#cursors.size}`
      this.#cursors.set(next, { list, at: at + limit })
      query.set('after', next)
      links.push(`<${this.#site}${url.pathname}?${query}>; rel="next"`)
    }
    return { status: 200, body: all.slice(at, at + limit), links }
  }
}

/** As far as tests search: `profile.department eq "x"`. */
function isFound({ profile }: SimulatedUser, search: string): boolean {
  const [, property = '', value] = /^profile\.(\w+) eq "([^"]*)"$/.exec(search) ?? []
  return profile[property] === value
}

function problem(status: keyof typeof errors, cause?: string): Answer {
  const [errorCode, errorSummary] = errors[status]
  const errorCauses = cause === undefined ? [] : [{ errorSummary: cause }]
  return { status, body: { errorCode, errorSummary, errorLink: errorCode, errorId: 'oaeOfTheTest', errorCauses } }
}
