import type { WireName } from '../wire/name.ts'
import type { Notice } from './configuration-line.ts'
import type { RuleLine } from './domain-rules.ts'
import type { ForwardingSettings, UpstreamServer } from './settings.ts'

/** A dnsmasq configuration as it is written, the files of hosts and leases that it names not yet read. */
export interface Configuration {
  /** Lines that change nothing here. */
  readonly warnings: readonly Notice[]
  /** `port`, `listen-address`; undefined and empty: not said. */
  readonly port: number | undefined
  readonly listenAddresses: readonly string[]
  readonly logQueries: boolean

  readonly rules: readonly RuleLine[]
  /** `server=` without a domain, in the order of the file; those of `resolvFiles` come after them. */
  readonly servers: readonly UpstreamServer[]
  readonly resolvFiles: readonly string[]
  readonly domainNeeded: boolean
  readonly bogusPriv: boolean
  readonly forwarding: ForwardingSettings

  /** Seconds; `dhcpTtl`: of names out of leases. */
  readonly localTtl: number
  readonly dhcpTtl: number
  readonly hosts: readonly HostRecord[]
  readonly records: readonly OwnedRecord[]
  readonly aliases: ReadonlyMap<WireName, { readonly target: WireName; readonly ttl: number | undefined }>
  /** `srv-host=_www._tcp`: it is completed by the domain. */
  readonly services: readonly OwnedRecord[]

  /** `domain=`, `domain=NAME,RANGE`. */
  readonly domain: WireName | undefined
  readonly rangedDomains: readonly RangedDomain[]
  readonly expandHosts: boolean
  /** `dhcp-fqdn`: only the whole names of leases count. */
  readonly onlyWholeNames: boolean
  /** In the order in which they are read; folders stand for their files. */
  readonly hostsFiles: readonly string[]
  /** `dhcp-host`; those of `dhcpHostsFiles` come after them. */
  readonly dhcpHosts: readonly DhcpHost[]
  readonly dhcpHostsFiles: readonly string[]
  readonly leaseFile: string | undefined
}

/** `host-record`. */
export interface HostRecord {
  readonly names: readonly WireName[]
  readonly addresses: readonly Buffer[]
  /** Seconds; undefined: `local-ttl`. */
  readonly ttl: number | undefined
}

/** A record of any other kind; its TTL is `local-ttl`. */
export interface OwnedRecord {
  readonly owner: WireName
  readonly type: number
  /** RDATA, an octet a character. */
  readonly data: string
}

export interface RangedDomain {
  readonly name: WireName
  /** Octets of its first and last address, the same number of them. */
  readonly first: Buffer
  readonly last: Buffer
}

/** A machine that is given a fixed address. */
export interface DhcpHost {
  /** As written, without a domain as a rule. */
  readonly name: string
  readonly addresses: readonly Buffer[]
}
