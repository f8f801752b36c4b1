import { mkdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { RecordEntry, TableDelta, TableSnapshot } from '@standin/client'

/** Control as the resolver sees it: its two files below the home, and one watch stream that a test writes to. */
export class ScriptedControl {
  readonly #server: http.Server
  readonly #streams = new Set<http.ServerResponse>()
  #snapshot: TableSnapshot<RecordEntry>
  readonly #heart = setInterval(() => this.#beat(), 2_000)

  private constructor(server: http.Server, snapshot: TableSnapshot<RecordEntry>) {
    this.#server = server
    this.#snapshot = snapshot
    server.on('request', (request, response) => this.#serve(request, response))
  }

  static async start(home: string, snapshot: TableSnapshot<RecordEntry>): Promise<ScriptedControl> {
    const server = http.createServer()
    const control = new ScriptedControl(server, snapshot)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await mkdir(join(home, 'secrets'), { recursive: true })
    await mkdir(join(home, 'run'), { recursive: true })
    await writeFile(join(home, 'secrets/dns.token'), 'stn_dns_secret')
    const { port } = server.address() as AddressInfo
    await writeFile(join(home, 'run/control.json'), JSON.stringify({ api: `http://127.0.0.1:${port}`, pid: process.pid }))
    return control
  }

  put(entry: RecordEntry): void {
    this.#send({ revision: this.#snapshot.revision + 1, put: entry, remove: null })
  }

  remove(id: number): void {
    this.#send({ revision: this.#snapshot.revision + 1, put: null, remove: id })
  }

  /** As `kill -9` does it: every connection is cut. */
  async stop(): Promise<void> {
    clearInterval(this.#heart)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #send(delta: TableDelta<RecordEntry>): void {
    const others = this.#snapshot.items.filter((item) => item.environment !== (delta.put?.environment ?? delta.remove))
    this.#snapshot = { ...this.#snapshot, revision: delta.revision, items: delta.put === null ? others : [...others, delta.put] }
    for (const stream of this.#streams) write(stream, 'delta', delta)
  }

  #beat(): void {
    for (const stream of this.#streams) write(stream, 'heartbeat', { revision: this.#snapshot.revision })
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://control')
    if (
      url.pathname !== '/v1/records' ||
      url.searchParams.get('watch') !== '1' ||
      request.headers.authorization !== 'Bearer stn_dns_secret'
    ) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    write(response, 'snapshot', this.#snapshot)
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }
}

function write(stream: http.ServerResponse, event: string, data: object): void {
  stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}
