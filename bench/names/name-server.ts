import type { PinnedServer } from '../processes.ts'

/** What all name servers of a comparison are given alike. */
export interface NameSetting {
  /** For configuration, logs and whatever else of this one: gone when the comparison is over. */
  readonly directory: string
  /** Their own names, each with the address 127.0.0.1, in environments of ten: `h3.1017.<domain>`. */
  readonly domain: string
  readonly count: number
  /** In the form of /etc/hosts. */
  readonly hostsFile: string
  /** Port on loopback that all other names are asked of; undefined: there are no others. */
  readonly upstream: number | undefined
}

export interface StartedNameServer {
  readonly server: PinnedServer
  readonly port: number
}

/** A name server that can be compared: one process, on one core, logging no queries. */
export interface NameServer {
  readonly name: string
  /** Program, and the Debian package that has it, if one does; undefined: nothing has to be installed. */
  readonly program?: { readonly name: string; readonly package?: string }
  start(setting: NameSetting): Promise<StartedNameServer>
}

/** configId of the first environment. */
export const firstId = 1001
const hostsEach = 10

/** `count` names, environment by environment. */
export function* namesOf(domain: string, count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield `h${index % hostsEach}.${firstId + Math.floor(index / hostsEach)}.${domain}`
}
