import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActivityReport } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'

export interface ControlOptions {
  /** STANDIN_HOME: `run/control.json` and `secrets/` are below it. */
  readonly home: string
  /** Whose token it is: `secrets/<tokenName>.token`. */
  readonly tokenName: 'gateway' | 'dns'
  /** Address of control, instead of what `run/control.json` says. */
  readonly control?: string | undefined
  readonly tokenFile?: string | undefined
}

/** Where control is, found anew whenever it is called: it may have come back at another address, with another token. */
export class ControlLink {
  readonly #options: ControlOptions
  #client: { readonly key: string; readonly client: StandinClient } | undefined

  constructor(options: ControlOptions) {
    this.#options = options
  }

  /** The file that control writes once it listens; undefined where its address was given. */
  get addressFile(): string | undefined {
    return this.#options.control === undefined ? join(this.#options.home, 'run', 'control.json') : undefined
  }

  /** @throws StandinError `unreachable` where control doesn't run, `unauthenticated` where there is no token */
  async client(): Promise<StandinClient> {
    const [url, token] = await Promise.all([this.#url(), this.#token()])
    const key = `${url} ${token}`
    if (this.#client?.key !== key) this.#client = { key, client: new StandinClient({ url, token }) }
    return this.#client.client
  }

  /** Ask control to resume an environment. @throws StandinError, or the signal's reason */
  async wake(environment: number, reason: string, signal?: AbortSignal): Promise<void> {
    const client = await this.client()
    await client.environments.act(environment, 'resume', { reason, signal })
  }

  /** Who was used last, when, by what. @throws StandinError, or the signal's reason */
  async reportActivity(items: ActivityReport['items'], signal?: AbortSignal): Promise<void> {
    const client = await this.client()
    await client.activity.report(items, { signal })
  }

  async #url(): Promise<string> {
    if (this.#options.control !== undefined) return this.#options.control
    const file = this.addressFile as string
    const { api, pid } = await readFile(file, 'utf8')
      .then((text) => JSON.parse(text) as { api?: unknown; pid?: unknown })
      .catch((error) => {
        throw new StandinError('unreachable', `Control does not run: ${file} can not be read`, { hint: startHint, cause: error })
      })
    if (typeof api !== 'string') throw new StandinError('unreachable', `${file} does not say where control is`, { hint: startHint })
    // Another process may have its port by now; it must not be shown a token.
    if (typeof pid === 'number' && !isAlive(pid))
      throw new StandinError('unreachable', `Control (process ${pid}) has ended`, { hint: startHint })
    return api
  }

  async #token(): Promise<string> {
    const file = this.#options.tokenFile ?? join(this.#options.home, 'secrets', `${this.#options.tokenName}.token`)
    try {
      return (await readFile(file, 'utf8')).trim()
    } catch (error) {
      throw new StandinError('unauthenticated', `The token file ${file} can not be read`, {
        hint: 'Control makes it at its first start; or name one with --token-file',
        cause: error,
      })
    }
  }
}

const startHint = 'Start it with `standin start`'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
