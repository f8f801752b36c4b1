import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouteEntry, TableSnapshot } from '@standin/client'

/** An entry without routes. */
export function entry(environment: number, revision = 0, name = `shop-${environment}`): RouteEntry {
  return { environment, name, state: 'running', reason: '', revision, routes: [] }
}

/** A home as control leaves it: a token, and where control is. */
export class SmallHome {
  readonly path = mkdtempSync(join(tmpdir(), 'standin-follower-'))

  constructor() {
    for (const folder of ['run', 'secrets']) mkdirSync(join(this.path, folder), { recursive: true })
    writeFileSync(join(this.path, 'secrets', 'gateway.token'), 'stn_gateway_secret\n')
  }

  writeAddress(api: string, pid = process.pid): void {
    writeFileSync(join(this.path, 'run', 'control.json'), JSON.stringify({ api, pid }))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** The watch of one table, over real sockets; what it says is up to the test. */
export class SmallControl {
  readonly requests: { readonly line: string; readonly after: string | null; readonly token: string | undefined; readonly body: string }[] =
    []
  readonly streams = new Set<ServerResponse>()
  /** Sent to every new stream. */
  greeting: (after: string | null) => readonly (readonly [event: string, data: object])[] = () => []
  /** Off: requests are taken, and that is all, as by a control that is frozen. */
  answers = true
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
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

  get watches() {
    return this.requests.filter(({ line }) => line === 'GET /v1/routes')
  }

  snapshot(epoch: string, revision: number, items: RouteEntry[]): readonly ['snapshot', TableSnapshot<RouteEntry>] {
    return ['snapshot', { epoch, revision, domain: 'test-envs.localhost', gateway: ['127.0.0.1'], nextId: 1001 + items.length, items }]
  }

  send(event: string, data: object): void {
    for (const stream of this.streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  sever(): void {
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sever()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url ?? '/', this.url)
    const after = url.searchParams.get('after')
    const body = Buffer.concat(chunks).toString()
    this.requests.push({ line: `${request.method} ${url.pathname}`, after, token: request.headers.authorization, body })
    if (!this.answers) return
    if (request.method === 'POST')
      return void response.writeHead(url.pathname === '/v1/activity' ? 204 : 202).end(JSON.stringify({ id: 1001 }))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    this.streams.add(response)
    response.on('close', () => this.streams.delete(response))
    for (const [event, data] of this.greeting(after)) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}
