import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '@standin/client'
import { Platform } from '@standin/testing'
import { quantile, table } from './figures.ts'
import { cores, findProgram, freePorts, PinnedServer } from './processes.ts'
import { nginxPreamble } from './proxies/nginx.ts'

const environments = 5_000
/** Ours at twenty changes a second, then as many reloads as there is time for, and again. */
const blocks = 5
const changesPerBlock = 100
const reloadsPerBlock = 10
const betweenChangesMs = 50
const domain = 'test-envs.localhost'

/** Two versions of an environment, each a server that says which one it is. */
async function startVersions(): Promise<{ ports: readonly [number, number]; close(): void }> {
  const servers: Server[] = []
  for (const version of ['0', '1']) {
    const server = createServer((_, response) => response.end(version))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    servers.push(server)
  }
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number]
  return {
    ports: [first, second],
    close: () => {
      for (const server of servers) server.close().closeAllConnections()
    },
  }
}

/** Asks until this version answers. @returns milliseconds from the call to the end of the first answer that is right */
async function untilSeen(port: number, host: string, version: number, agent: Agent): Promise<number> {
  const started = performance.now()
  for (;;) {
    const body = await new Promise<string>((done) => {
      const call = request({ host: '127.0.0.1', port, headers: { host }, agent }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => done(text))
      })
      // A reload closes idle connections under the request: asked again at once.
      call.on('error', () => done(''))
      call.end()
    })
    const ms = performance.now() - started
    if (body === String(version)) return ms
    if (ms > 10_000) throw new Error(`${host} on port ${port} is not answered by version ${version} after ten seconds`)
  }
}

/** One environment after the other moves from one of its endpoints to the other one. */
class Ours {
  readonly #platform: Platform
  readonly #ports: readonly [number, number]
  readonly #agent = new Agent({ keepAlive: true })
  readonly #versions = new Map<number, number>()
  readonly #ids: number[] = []
  readonly ms: number[] = []

  constructor(platform: Platform, ports: readonly [number, number]) {
    this.#platform = platform
    this.#ports = ports
  }

  async attachAll(): Promise<void> {
    for (let first = 0; first < environments; first += 50)
      this.#ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, index) => this.#attach(first + index, 0)))))
  }

  /** Changes are made at their rate, however long one takes to be seen. */
  async changeSome(block: number): Promise<void> {
    const port = Number(new URL(this.#platform.running.http).port)
    const seen: Promise<void>[] = []
    for (let change = 0; change < changesPerBlock; change++) {
      const pause = new Promise((done) => setTimeout(done, betweenChangesMs))
      const number = ((block * changesPerBlock + change) * 37) % environments
      const version = 1 - (this.#versions.get(number) ?? 0)
      seen.push(
        this.#attach(number, version).then(async (id) => {
          this.ms.push(await untilSeen(port, `www-${id}.${domain}`, version, this.#agent))
        }),
      )
      await pause
    }
    await Promise.all(seen)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #attach(number: number, version: number): Promise<number> {
    const services = [{ name: 'www', endpoints: [`127.0.0.1:${this.#ports[version]}`] }]
    const { status, body } = await this.#platform.api<Environment>('POST', '/v1/environments', {
      name: `e${number}`,
      provider: 'attach',
      services,
    })
    if (status >= 300) throw new Error(`environment ${number} was not attached: ${JSON.stringify(body)}`)
    this.#versions.set(number, version)
    return body.id
  }
}

/** The same with a map of nginx and a reload for each change. */
class Nginx {
  readonly #directory: string
  readonly #ports: readonly [number, number]
  readonly #agent = new Agent({ keepAlive: true })
  readonly #versions = new Array<number>(environments).fill(0)
  #server: PinnedServer | undefined
  #port = 0
  readonly ms: number[] = []

  constructor(directory: string, ports: readonly [number, number]) {
    this.#directory = directory
    this.#ports = ports
  }

  async start(program: string): Promise<void> {
    ;[this.#port] = (await freePorts(1)) as [number]
    this.#writeConfig()
    const args = ['-p', this.#directory, '-c', join(this.#directory, 'nginx.conf')]
    const output = join(this.#directory, 'output.log')
    this.#server = await PinnedServer.start(program, args, { core: cores.measured, output, ports: [this.#port] })
  }

  async changeSome(block: number): Promise<void> {
    for (let change = 0; change < reloadsPerBlock; change++) {
      const number = ((block * reloadsPerBlock + change) * 37) % environments
      const version = 1 - (this.#versions[number] as number)
      this.#versions[number] = version
      this.#writeConfig()
      this.#server?.signal('SIGHUP')
      this.ms.push(await untilSeen(this.#port, hostOf(number), version, this.#agent))
      await new Promise((done) => setTimeout(done, betweenChangesMs))
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await this.#server?.[Symbol.asyncDispose]()
  }

  #writeConfig(): void {
    const entries = this.#versions.map((version, number) => `    ${hostOf(number)} 127.0.0.1:${this.#ports[version]};`)
    const config = `${nginxPreamble(this.#directory)}
  access_log off;
  map_hash_max_size 65536;
  map_hash_bucket_size 128;
  map $host $environment {
${entries.join('\n')}
  }
  server { listen 127.0.0.1:${this.#port}; location / { proxy_pass http://$environment; } }
}
`
    writeFileSync(join(this.#directory, 'nginx.conf'), config)
  }
}

const hostOf = (number: number) => `www-${1001 + number}.${domain}`

export async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'standin-bench-'))
  const versions = await startVersions()
  const program = findProgram('nginx')
  if (program === undefined) console.log('nginx is not installed (Debian: `apt-get install nginx-light`): left out\n')
  const nginx = new Nginx(directory, versions.ports)
  try {
    await using platform = await Platform.boot()
    const ours = new Ours(platform, versions.ports)
    await ours.attachAll()
    if (program !== undefined) await nginx.start(program)
    for (let block = 0; block < blocks; block++) {
      await ours.changeSome(block)
      if (program !== undefined) await nginx.changeSome(block)
    }
    ours.close()
    const row = (what: string, ms: readonly number[]) => [what, String(ms.length), quantile(ms, 0.5), quantile(ms, 0.99), Math.max(...ms)]
    table(
      [
        `from a committed change to the first request that sees it, ${environments} environments`,
        'changes',
        'p50 ms',
        'p99 ms',
        'longest ms',
      ],
      [
        row(`Standin, ${1000 / betweenChangesMs} changes a second`, ours.ms),
        ...(nginx.ms.length > 0 ? [row('nginx, map written and reloaded, one change after the other', nginx.ms)] : []),
      ],
    )
  } finally {
    await nginx.close()
    versions.close()
    rmSync(directory, { recursive: true })
  }
}
