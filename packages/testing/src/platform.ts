import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Running } from '@standin/client'

const root = resolve(import.meta.dirname, '../../..')

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface GatewayAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A platform of its own: `standin start` in a new STANDIN_HOME on ports of its own, as a person would start it. */
export class Platform {
  readonly home: string
  readonly running: Running
  readonly token: string
  readonly #start: ChildProcess
  readonly #arguments: readonly string[]

  /** The last that `standin start` said on stderr: restarts, mostly. */
  readonly said: () => string

  private constructor(home: string, running: Running, start: ChildProcess, arguments_: readonly string[], said: () => string) {
    this.said = said
    this.home = home
    this.running = running
    this.token = readFileSync(running.tokenFile, 'utf8').trim()
    this.#start = start
    this.#arguments = arguments_
  }

  /** @param options.home an existing home, to come back to after `stop({keepHome: true})`. */
  static async boot(options: { home?: string; arguments?: readonly string[]; env?: Record<string, string> } = {}): Promise<Platform> {
    const home = options.home ?? mkdtempSync(join(tmpdir(), 'standin-'))
    const arguments_ = options.arguments ?? ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
    const start = spawn(join(root, 'bin/standin'), ['start', '--json', ...arguments_], {
      env: { ...environment(home), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let complaints = ''
    start.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk).slice(-20_000)
    })
    const line = await new Promise<string>((done, fail) => {
      createInterface({ input: start.stdout as NodeJS.ReadableStream }).once('line', done)
      start.once('exit', (code) => fail(new Error(`standin start ended with ${code}:\n${complaints}`)))
    })
    return new Platform(home, JSON.parse(line) as Running, start, arguments_, () => complaints)
  }

  /** The same home and the same flags once more, e.g. after `kill`. */
  again(): Promise<Platform> {
    return Platform.boot({ home: this.home, arguments: this.#arguments })
  }

  cli(...arguments_: string[]): Promise<CliResult> {
    return cli(arguments_, environment(this.home))
  }

  /** A command that goes on: `spoke` resolves with its first output. */
  follow(...arguments_: string[]): { spoke: Promise<void>; ended: Promise<CliResult> } {
    const spoke = Promise.withResolvers<void>()
    return { spoke: spoke.promise, ended: cli(arguments_, environment(this.home), spoke.resolve) }
  }

  /** The CLI's `--json` answer; throws with what it printed when it fails. */
  async json<T>(...arguments_: string[]): Promise<T> {
    const result = await this.cli(...arguments_, '--json')
    if (result.code !== 0) throw new Error(`standin ${arguments_.join(' ')} ended with ${result.code}:\n${result.stderr}${result.stdout}`)
    return JSON.parse(result.stdout) as T
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.running.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T }
  }

  /** A request to the gateway for a host name, without asking any resolver for it. */
  ask(
    host: string,
    path = '/',
    options: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<GatewayAnswer> {
    const gateway = new URL(this.running.http)
    return new Promise((done, fail) => {
      const call = request(
        {
          host: gateway.hostname,
          port: gateway.port,
          path,
          method: options.method ?? 'GET',
          headers: { host: `${host}:${gateway.port}`, ...options.headers },
          agent: false,
        },
        (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            body += chunk
          })
          response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }))
          response.on('error', fail)
        },
      )
      call.on('error', fail)
      call.end(options.body)
    })
  }

  /** Pids of the parts, from run/standin.json. */
  pids(): { start: number; control: number; gateway: number; dns: number } {
    const state = JSON.parse(readFileSync(join(this.home, 'run/standin.json'), 'utf8')) as {
      pid: number
      children: { control: number; gateway: number; dns: number }
    }
    return { start: state.pid, ...state.children }
  }

  /** Stop the platform. Its environments go with the home unless that is kept. */
  async stop(options: { keepHome?: boolean } = {}): Promise<void> {
    if (options.keepHome !== true) await this.deleteAll().catch(() => {})
    if (this.#start.exitCode === null && this.#start.signalCode === null) {
      const ended = new Promise((done) => this.#start.once('exit', done))
      this.#start.kill('SIGTERM')
      await ended
    }
    if (options.keepHome === true) return
    // A test that failed may have left control dead, and clones with nobody to end them.
    for (const left of leftovers(this.home).processes) {
      try {
        process.kill(Number.parseInt(left, 10), 'SIGKILL')
      } catch {
        // It went with one before it.
      }
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 })
  }

  async deleteAll(): Promise<void> {
    for (const trash of ['', '&deleted=true']) {
      const { body } = await this.api<{ items: { id: number }[] }>('GET', `/v1/environments?limit=1000${trash}`)
      await Promise.all(body.items.map(({ id }) => this.api('DELETE', `/v1/environments/${id}?purge=true`)))
    }
    await eventually(() => (leftovers(this.home).processes.length === 0 ? true : undefined), 20_000)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function environment(home: string): Record<string, string> {
  return { ...network(), PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', STANDIN_HOME: home, NO_COLOR: '1' }
}

/** Blueprints that install something reach the network as whoever runs the tests does. */
function network(): Record<string, string> {
  const names = /^((http|https|all|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (names.test(name) && value ? [[name, value]] : [])))
}

/** `bin/standin` with an environment of its own. */
export function cli(arguments_: readonly string[], env: Record<string, string>, onOutput: () => void = () => {}): Promise<CliResult> {
  return new Promise((done) => {
    const child = execFile(join(root, 'bin/standin'), [...arguments_], { env, maxBuffer: 64 << 20 }, (_error, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr })
    })
    child.stdout?.once('data', onOutput)
    child.stdin?.end()
  })
}

/** Try until the answer is not undefined. Throws after `timeoutMs`, with the last error as its cause. */
export async function eventually<T>(attempt: () => T | undefined | Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const answer = await attempt()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error
    }
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error(`it did not come true within ${timeoutMs} ms`, { cause: last })
}

/** What environments of a home have left on this machine: processes that carry their marks, mounts, directories. */
export function leftovers(home: string): { processes: string[]; mounts: string[]; environments: string[] } {
  const processes: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      const marks = readFileSync(`/proc/${pid}/environ`, 'utf8')
      const below = marks.includes('STANDIN_ENVIRONMENT_ID=') && marks.includes(home)
      const keeper = command.includes('keeper') && command.includes(home)
      if (below || keeper || readlinkSync(`/proc/${pid}/cwd`).startsWith(join(home, 'providers'))) processes.push(`${pid} ${command}`)
    } catch {
      // It ended meanwhile, or belongs to another user.
    }
  }
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(home))
  const directory = join(home, 'providers/process/environments')
  return { processes, mounts, environments: existsSync(directory) ? readdirSync(directory) : [] }
}
