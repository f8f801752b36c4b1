import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { type AppName, makeHome, readRunningFile, removeRunningFile, writeRunningFile } from '../running-file.ts'
import { App, mainOf } from './app.ts'
import { endLeftovers } from './leftovers.ts'
import { lockHome } from './lock.ts'
import { LogFiles } from './log-files.ts'

export interface SupervisorOptions {
  readonly home: string
  readonly api: string
  readonly http: string
  /** An address, or `off`. */
  readonly https: string
  readonly redirect: boolean
  /** An address, or `off`. */
  readonly admin: string
  /** More of the gateway's command line. */
  readonly gatewayArgs: readonly string[]
  readonly dns: string
  /** More of the resolver's command line. */
  readonly dnsArgs: readonly string[]
  readonly domain: string
  /** `24h` */
  readonly trash: string
  /** The file that names the plugins; undefined: the one in the home, where there is one. */
  readonly config?: string
  readonly env: NodeJS.ProcessEnv
  /** Hears of ends and restarts of apps, a sentence each. */
  readonly onMessage: (message: string) => void
}

/** What `standin start --json` prints. */
export interface StartedPlatform {
  readonly api: string
  readonly http: string
  readonly https?: string
  readonly admin?: string
  readonly dns: string
  /** Where the resolver shows its health, metrics and records. */
  readonly dnsAdmin?: string
  readonly tokenFile: string
}

/** The running file is written again so long after it could not be, ms. */
const publishAgainMs = 2_000

/** Runs gateway, dns and control, starts again what dies on the ports that it had, stops them in reverse order. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #apps: Readonly<Record<AppName, App>>
  readonly #logs: LogFiles
  #unlock: (() => void) | null = null
  #started: StartedPlatform | null = null
  #unpublished: NodeJS.Timeout | undefined
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    const logDir = join(options.home, 'logs')
    this.#logs = new LogFiles(logDir)
    const { STANDIN_TOKEN: _, ...env } = options.env
    const app = (name: AppName) =>
      new App({ name, main: mainOf(name), logFile: this.#logs.path(name), env }, (message) => {
        options.onMessage(message)
        this.#publish().catch(() => this.#publishLater())
      })
    this.#apps = { gateway: app('gateway'), dns: app('dns'), control: app('control') }
  }

  /** Throws `home_in_use` where one runs already, `port_taken`; then nothing is left running. */
  async start(): Promise<StartedPlatform> {
    const { home, domain, trash, redirect } = this.#options
    await makeHome(home)
    this.#unlock = lockHome(home)
    if (!this.#unlock) throw await alreadyRuns(home)
    try {
      await endLeftovers(home)
      await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 })
      this.#logs.watch()
      const { gateway, dns, control } = this.#apps
      const [gatewayLine, dnsLine] = await allOrFirstError([
        gateway.start(this.#gatewayArgs(this.#options.http, this.#options.https, this.#options.admin)),
        dns.start(['--home', home, '--dns', this.#options.dns, ...this.#options.dnsArgs]),
      ])
      const { http = '', https, admin } = gatewayLine ?? {}
      const { dns: dnsAt = '', admin: dnsAdmin } = dnsLine ?? {}
      gateway.restartWith(this.#gatewayArgs(...[http, https, admin].map(addressOrOff)))
      // Of a flag that is given twice, the last one counts.
      dns.restartWith(['--home', home, '--dns', dnsAt, ...this.#options.dnsArgs, '--admin', addressOrOff(dnsAdmin)])
      if (this.#stopping) throw new StandinError('interrupted', 'It was stopped while it started.')
      const controlArgs = (api: string) => [
        '--home',
        home,
        '--api',
        api,
        '--domain',
        domain,
        '--trash',
        trash,
        '--gateway',
        redirect && https !== undefined ? https : http,
        '--gateway-https',
        https ?? 'none',
        '--dns',
        dnsAt,
        ...(this.#options.config === undefined ? [] : ['--config', this.#options.config]),
      ]
      const { api = '', tokenFile = '' } = await control.start(controlArgs(this.#options.api))
      control.restartWith(controlArgs(withoutScheme(api)))
      this.#started = {
        api,
        http,
        ...(https === undefined ? {} : { https }),
        ...(admin === undefined ? {} : { admin }),
        dns: dnsAt,
        ...(dnsAdmin === undefined ? {} : { dnsAdmin }),
        tokenFile,
      }
      await this.#publish()
      return this.#started
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#started = null
    clearTimeout(this.#unpublished)
    for (const app of [this.#apps.control, this.#apps.dns, this.#apps.gateway]) await app.stop()
    this.#logs.close()
    if (this.#unlock) await removeRunningFile(this.#options.home)
    this.#unlock?.()
    this.#unlock = null
  }

  #gatewayArgs(http = 'off', https = 'off', admin = 'off'): string[] {
    const { home, redirect, gatewayArgs } = this.#options
    return [...['--home', home, '--http', http, '--https', https, '--admin', admin], ...(redirect ? ['--redirect'] : []), ...gatewayArgs]
  }

  /** What can't be written now, on a full disk for instance, ends nothing: the addresses in the file that is there hold. */
  #publishLater(): void {
    clearTimeout(this.#unpublished)
    this.#unpublished = setTimeout(() => this.#publish().catch(() => this.#publishLater()), publishAgainMs).unref()
  }

  async #publish(): Promise<void> {
    clearTimeout(this.#unpublished)
    if (!this.#started) return
    const { gateway, dns, control } = this.#apps
    const children = { control: control.pid, gateway: gateway.pid, dns: dns.pid }
    await writeRunningFile(this.#options.home, { ...this.#started, pid: process.pid, children })
  }
}

async function alreadyRuns(home: string): Promise<StandinError> {
  const running = await readRunningFile(home)
  return new StandinError('home_in_use', `Standin runs already for ${home}${running ? ` (pid ${running.pid}, ${running.api})` : ''}.`, {
    hint: running ? `Use it, end it with \`kill ${running.pid}\`, or start another one with --home.` : 'It is just starting: wait for it.',
  })
}

/** All have come to an end before the first error is thrown: nothing that is still starting is left to itself. */
async function allOrFirstError<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

function addressOrOff(url: string | undefined): string {
  return url === undefined ? 'off' : withoutScheme(url)
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '')
}
