import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Asker } from './asker.ts'
import { startDnsmasq } from './dnsmasq.ts'
import type { StartedNameServer } from './name-server.ts'

/** How dnsmasq is told: one file that is written anew and SIGHUP, or a file for each name in a folder that it watches. */
export type Told = 'SIGHUP' | 'hostsdir'

/** dnsmasq whose names move between two addresses, one after the other. */
export class ChangingDnsmasq {
  readonly ms: number[] = []
  readonly #names: readonly string[]
  readonly #told: Told
  readonly #directory: string
  /** Which of the two each name has. */
  readonly #versions: number[]
  #started: StartedNameServer | undefined
  #asker: Asker | undefined

  constructor(names: readonly string[], told: Told, directory: string) {
    this.#names = names
    this.#told = told
    this.#directory = directory
    this.#versions = names.map(() => 0)
  }

  async start(): Promise<void> {
    mkdirSync(this.#hosts, { recursive: true })
    for (const number of this.#told === 'SIGHUP' ? [0] : this.#names.keys()) this.#write(number)
    const file = join(this.#directory, 'dnsmasq.conf')
    const hosts = this.#told === 'SIGHUP' ? `addn-hosts=${join(this.#hosts, 'all')}` : `hostsdir=${this.#hosts}`
    writeFileSync(file, `no-resolv\nno-hosts\n${hosts}\n`)
    this.#started = await startDnsmasq(this.#directory, file)
    this.#asker = new Asker(this.#started.port)
  }

  async change(number: number): Promise<void> {
    const version = 1 - (this.#versions[number] as number)
    this.#versions[number] = version
    this.#write(number)
    if (this.#told === 'SIGHUP') this.#started?.server.signal('SIGHUP')
    this.ms.push((await this.#asker?.untilSaid(this.#names[number] as string, addresses[version] as string)) as number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started?.server[Symbol.asyncDispose]()
  }

  get #hosts(): string {
    return join(this.#directory, 'hosts')
  }

  #write(number: number): void {
    const line = (each: number) => `${addresses[this.#versions[each] as number]} ${this.#names[each]}\n`
    if (this.#told === 'hostsdir') writeFileSync(join(this.#hosts, String(number)), line(number))
    else writeFileSync(join(this.#hosts, 'all'), this.#names.map((_, each) => line(each)).join(''))
  }
}

/** Between which names move. */
export const addresses = ['127.0.0.2', '127.0.0.3'] as const
