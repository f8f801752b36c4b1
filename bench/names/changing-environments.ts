import type { Environment } from '@standin/client'
import type { Platform } from '@standin/testing'
import { Asker } from './asker.ts'
import { addresses } from './changing-dnsmasq.ts'

interface Known {
  readonly id: number
  readonly version: number
}

export const changeKinds = ['attached', 'moved', 'deleted'] as const
export type ChangeKind = (typeof changeKinds)[number]

/** Environments of a platform that are attached, moved to another address and deleted through its API. */
export class ChangingEnvironments {
  /** From the API's answer to the first right one of the resolver. */
  readonly ms: Record<ChangeKind, number[]> = { attached: [], moved: [], deleted: [] }
  readonly #platform: Platform
  readonly #domain: string
  readonly #asker: Asker
  readonly #known = new Map<string, Known>()
  #newest = 0

  constructor(platform: Platform, domain: string) {
    this.#platform = platform
    this.#domain = domain
    this.#asker = new Asker(Number(platform.running.dns.split(':').at(-1)))
  }

  async attachAll(count: number): Promise<void> {
    const atOnce = 50
    for (let first = 0; first < count; first += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, index) => this.#attach(String(first + index), 0)))
  }

  /** Every name is asked for before it changes, so that there is an answer which could be kept. `number`: of those that are there from the start. */
  async change(kind: ChangeKind, number: number): Promise<void> {
    const name = kind === 'attached' ? `new-${number}` : String(number)
    const known = this.#known.get(name)
    const before = this.#hostOf(known?.id ?? this.#newest + 1)
    await this.#asker.ask(before)
    if (kind === 'deleted') {
      await this.#call('DELETE', `/v1/environments/${known?.id}?purge=true`)
      this.ms.deleted.push(await this.#asker.untilSaid(before, null))
    } else {
      const version = known === undefined ? 0 : 1 - known.version
      const id = await this.#attach(name, version)
      this.ms[kind].push(await this.#asker.untilSaid(this.#hostOf(id), addresses[version] as string))
    }
  }

  #hostOf(id: number): string {
    return `www.${id}.${this.#domain}`
  }

  async #attach(name: string, version: number): Promise<number> {
    const services = [{ name: 'www', endpoints: [`${addresses[version]}:9000`] }]
    const { id } = await this.#call<Environment>('POST', '/v1/environments', { name: `e-${name}`, provider: 'attach', services })
    this.#known.set(name, { id, version })
    this.#newest = Math.max(this.#newest, id)
    return id
  }

  async #call<T>(method: string, path: string, content?: object): Promise<T> {
    const { status, body } = await this.#platform.api<T>(method, path, content)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }
}
