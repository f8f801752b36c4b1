import type { WireName } from '../../wire/name.ts'
import type { Configuration, DhcpHost, HostRecord, OwnedRecord, RangedDomain } from '../configuration.ts'
import type { Notice } from '../configuration-line.ts'
import type { RuleLine } from '../domain-rules.ts'
import { type AddressRange, defaultForwarding, type UpstreamServer } from '../settings.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A configuration that is being read. */
export class Draft implements Configuration {
  readonly warnings: Notice[] = []
  port: number | undefined
  readonly listenAddresses: string[] = []
  logQueries = false

  readonly rules: RuleLine[] = []
  readonly servers: UpstreamServer[] = []
  /** In the order of the file; the first that is named takes the place of the system's own. */
  readonly namedResolvFiles: string[] = []
  readsResolvFiles = true
  domainNeeded = false
  bogusPriv = false
  readonly exemptDomains: WireName[] = []
  readonly bogusAddresses: AddressRange[] = []
  readonly ignoredAddresses: AddressRange[] = []
  readonly forwarding: Writable<typeof defaultForwarding> = {
    ...defaultForwarding,
    rebind: { stop: false, localhostOk: false, exemptDomains: this.exemptDomains },
    bogusAddresses: this.bogusAddresses,
    ignoredAddresses: this.ignoredAddresses,
  }

  localTtl = 0
  ownDhcpTtl: number | undefined
  readonly hosts: HostRecord[] = []
  readonly records: OwnedRecord[] = []
  readonly aliases = new Map<WireName, { readonly target: WireName; readonly ttl: number | undefined }>()
  readonly services: OwnedRecord[] = []
  /** `mx-host` without a target. */
  readonly mailNames: { readonly owner: WireName; readonly preference: number }[] = []
  mailTarget: WireName | undefined

  domain: WireName | undefined
  readonly rangedDomains: RangedDomain[] = []
  expandHosts = false
  onlyWholeNames = false
  readsSystemHosts = true
  readonly moreHostsFiles: string[] = []
  readonly dhcpHosts: DhcpHost[] = []
  readonly dhcpHostsFiles: string[] = []
  givesLeases = false
  ownLeaseFile: string | undefined

  get dhcpTtl(): number {
    return this.ownDhcpTtl ?? this.localTtl
  }

  get resolvFiles(): readonly string[] {
    if (!this.readsResolvFiles) return []
    return this.namedResolvFiles.length > 0 ? this.namedResolvFiles : ['/etc/resolv.conf']
  }

  /** dnsmasq reads the files that are named last first. */
  get hostsFiles(): readonly string[] {
    return [...(this.readsSystemHosts ? ['/etc/hosts'] : []), ...this.moreHostsFiles.toReversed()]
  }

  get leaseFile(): string | undefined {
    return this.ownLeaseFile ?? (this.givesLeases ? '/var/lib/misc/dnsmasq.leases' : undefined)
  }
}

/**
 * Takes what an option says into the draft. `flag`: it has no value. `value`: it has one; an empty one says nothing, as with
 * dnsmasq, unless `takesEmpty`. Both throw ValueError.
 */
export type OptionReader =
  | { readonly flag: (draft: Draft) => void }
  | { readonly value: (draft: Draft, value: string) => void; readonly isOptional?: boolean; readonly takesEmpty?: boolean }

export type OptionTable = Readonly<Record<string, OptionReader>>
