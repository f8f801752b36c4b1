import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { StandinError } from '../errors.ts'
import type { DesiredState, Environment, EnvironmentState } from '../schemas/environments.ts'
import type { Event } from '../schemas/events.ts'
import type { Discovery } from '../schemas/server.ts'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Takes a request over, or leaves it to the others with false. */
type Interceptor = (seen: Seen, response: ServerResponse) => boolean | Promise<boolean>

/** So much of control, over real sockets, as the client's tests need; environments change when a test says so. */
export class SmallControl {
  readonly token = 'stn_test_secret'
  readonly environments = new Map<number, Environment>()
  readonly events: Event[] = []
  readonly seen: Seen[] = []
  intercept: Interceptor | undefined
  /** Off: streams are open and say nothing at all. */
  heartbeats = true
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #streams = new Set<{ response: ServerResponse; environment: number | undefined; beat: NodeJS.Timeout }>()

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(port = 0): Promise<SmallControl> {
    const control = new SmallControl()
    await new Promise<void>((resolve, reject) => control.#server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return control
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** Reset every connection, as a crash does. */
  sever(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.sever()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  seenOf(method: string, path: string): Seen[] {
    return this.seen.filter((seen) => seen.method === method && seen.path === path)
  }

  /** A running one, unless told otherwise. */
  add(id: number, fields: Partial<Environment> = {}): Environment {
    const at = new Date().toISOString()
    const environment: Environment = {
      id,
      name: `shop-${id}`,
      kind: 'clone',
      provider: 'process',
      template: { name: 'shop', version: 7 },
      owner: 'alice',
      labels: {},
      state: 'running',
      desired: 'running',
      reason: { actor: 'reconciler', code: null, message: 'all hosts are up', at },
      services: [],
      hosts: [],
      createdAt: at,
      stateChangedAt: at,
      lastActivityAt: null,
      suspendAfterMs: null,
      expiresAt: null,
      purgeAt: null,
      revision: 0,
      ...fields,
    }
    this.environments.set(id, environment)
    this.append('environment.created', id, { name: environment.name })
    return environment
  }

  become(id: number, to: EnvironmentState, message = `now ${to}`, code: string | null = null): void {
    const environment = this.#require(id)
    const reason = { actor: 'reconciler', code, message, at: new Date().toISOString() }
    const from = environment.state
    Object.assign(environment, { state: to, reason, stateChangedAt: reason.at })
    this.append('environment.state', id, { from, to, reason })
  }

  want(id: number, to: DesiredState, actor = 'token:bob', message = `${to} was asked for`): void {
    const environment = this.#require(id)
    const from = environment.desired
    environment.desired = to
    this.append('environment.desired', id, { from, to, reason: { actor, code: null, message, at: new Date().toISOString() } })
  }

  purge(id: number): void {
    this.become(id, 'deleted')
    this.append('environment.purged', id, {})
    this.environments.delete(id)
  }

  append(type: Event['type'], environment: number | null, data: Event['data']): Event {
    const of = environment === null ? undefined : this.environments.get(environment)
    const seq = this.events.length + 1
    const event: Event = {
      seq,
      at: new Date().toISOString(),
      type,
      environment,
      state: of?.state ?? null,
      build: null,
      actor: 'test',
      data,
    }
    if (of !== undefined) of.revision = seq
    this.events.push(event)
    for (const stream of this.#streams) if (matches(event, stream.environment)) send(stream.response, event)
    return event
  }

  #require(id: number): Environment {
    const environment = this.environments.get(id)
    if (environment === undefined) throw new StandinError('environment_not_found', `there is no environment ${id}`)
    return environment
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return
    }
    const url = new URL(request.url ?? '/', this.url)
    const { method = 'GET', headers } = request
    const seen: Seen = { method, path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(chunks).toString() }
    this.seen.push(seen)
    if (await this.intercept?.(seen, response)) return
    try {
      if (headers.authorization !== `Bearer ${this.token}`) throw new StandinError('unauthenticated', 'the token is not known')
      this.#answer(seen, response)
    } catch (error) {
      const problem = (error as StandinError).toProblem()
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    }
  }

  #answer(seen: Seen, response: ServerResponse): unknown {
    const [, , resource, ref, action] = seen.path.split('/')
    if (resource === undefined) return json(response, 200, discovery)
    if (resource === 'events') return this.#stream(seen, response)
    if (resource !== 'environments') throw new StandinError('route_not_found', `there is nothing at ${seen.path}`)
    if (ref === undefined && seen.method === 'GET') return this.#list(seen, response)
    if (ref === undefined)
      return json(response, 201, this.add(1001 + this.environments.size, { state: 'starting', ...JSON.parse(seen.body) }))
    const environment = [...this.environments.values()].find(({ id, name }) => String(id) === ref || name === ref)
    if (environment === undefined) throw new StandinError('environment_deleted', `environment ${ref} was deleted`)
    if (action === 'logs') return logs(response)
    if (action === 'stats') return json(response, 200, { cpu: 0.25, memoryBytes: 1024, processes: 2, hosts: [] })
    if (seen.method === 'PATCH') Object.assign(environment, JSON.parse(seen.body))
    if (action === 'start' || action === 'resume') this.want(environment.id, 'running')
    if (action === 'stop') this.want(environment.id, 'stopped')
    if (action === 'suspend') this.want(environment.id, 'suspended')
    if (seen.method === 'DELETE') this.want(environment.id, 'deleted')
    return json(response, seen.method === 'GET' || seen.method === 'PATCH' ? 200 : 202, environment)
  }

  /** Pages of two. */
  #list({ query }: Seen, response: ServerResponse): void {
    const from = Number(query.get('cursor') ?? 0)
    const all = [...this.environments.values()]
    json(response, 200, { items: all.slice(from, from + 2), nextCursor: from + 2 < all.length ? String(from + 2) : null })
  }

  #stream({ query }: Seen, response: ServerResponse): void {
    const environment = query.has('environment') ? Number(query.get('environment')) : undefined
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    for (const event of this.events.slice(Number(query.get('after') ?? 0))) if (matches(event, environment)) send(response, event)
    const beat = setInterval(() => this.heartbeats && response.write(': heartbeat\n\n'), 50)
    const stream = { response, environment, beat }
    this.#streams.add(stream)
    response.on('close', () => {
      clearInterval(beat)
      this.#streams.delete(stream)
    })
  }
}

const discovery: Discovery = {
  name: 'standin',
  version: '0.0.0',
  api: 'v1',
  domain: 'test-envs.localhost',
  gateway: { scheme: 'http', port: 8080 },
  dns: null,
  scope: 'admin',
  providers: [],
  links: { environments: '/v1/environments' },
  trashMs: 86_400_000,
}

function matches(event: Event, environment: number | undefined): boolean {
  return environment === undefined || event.environment === environment
}

function send(response: ServerResponse, event: Event): void {
  response.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Two lines, cut where it hurts: in the middle of a letter of two bytes. */
function logs(response: ServerResponse): void {
  const line = (text: string) =>
    `${JSON.stringify({ at: '2026-11-21T08:45:23.120Z', host: 'web', instance: 'web-1', stream: 'stdout', line: text })}\n`
  const bytes = Buffer.from(line('grüezi') + line('second'))
  const cut = bytes.indexOf(0xc3) + 1
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.write(bytes.subarray(0, cut))
  setTimeout(() => response.end(bytes.subarray(cut)), 5)
}
