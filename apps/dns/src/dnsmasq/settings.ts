import type { WireName } from '../wire/name.ts'

/** A server that is asked for names that are not ours. */
export interface UpstreamServer {
  /** A numeric address, without a zone index. */
  readonly address: string
  readonly port: number
  /** `@ADDRESS`: queries leave from this address of the machine. */
  readonly sourceAddress?: string
  /** `@ADDRESS#PORT`. */
  readonly sourcePort?: number
  /** Asked over TLS (RFC 7858) and in no other way. Not of dnsmasq's file. */
  readonly tls?: UpstreamTls
}

interface UpstreamTls {
  /** What its certificate has to be for; without it, its address. */
  readonly name?: string
  /** PEM: whose certificates are taken, instead of those that the system trusts. */
  readonly authorities?: string
}

/**
 * Those who may be asked for a name, in the order of the file. All names of one domain have the same object for as long as
 * the file isn't read again, so what is known of its servers can be kept by it.
 */
export interface UpstreamGroup {
  /** What it was chosen by, for people: `example.com`, `*example.com`, `unqualified names`, `default`. */
  readonly label: string
  readonly servers: readonly UpstreamServer[]
}

/** A network: `bits` leading bits of `octets` (4 or 16 of them) count. */
export interface AddressRange {
  readonly octets: Uint8Array
  readonly bits: number
}

interface RebindSettings {
  /** `stop-dns-rebind`: an answer from an upstream with an address of a private network is refused. */
  readonly stop: boolean
  /** `rebind-localhost-ok`: 127.0.0.0/8 and ::1 are let through. */
  readonly localhostOk: boolean
  /** `rebind-domain-ok`: these and all names below them are exempt. In lower case. */
  readonly exemptDomains: readonly WireName[]
}

/** What a dnsmasq configuration says of the cache and of asking upstreams. All times in seconds. */
export interface ForwardingSettings {
  /** `cache-size`, entries; 0: nothing is kept. */
  readonly cacheSize: number
  /** `min-cache-ttl`: shorter TTLs are raised to it when they are stored (at most an hour); 0: none. */
  readonly minCacheTtl: number
  /** `max-cache-ttl`: longer TTLs are cut to it when they are stored. */
  readonly maxCacheTtl: number | undefined
  /** `max-ttl`: no TTL of a forwarded answer that is sent is longer; what is stored stays as it is. */
  readonly maxTtl: number | undefined
  /** `neg-ttl`: how long a negative answer without SOA is kept; undefined: not at all. */
  readonly negTtl: number | undefined
  /** `no-negcache`: negative answers are not kept. */
  readonly keepNegatives: boolean
  /** `strict-order`: every query goes to the first server of its group first, then to the next. */
  readonly strictOrder: boolean
  /** `all-servers`: every query goes to all servers of its group, and the first answer wins. */
  readonly allServers: boolean
  readonly rebind: RebindSettings
  /** `bogus-nxdomain`: an answer with one of these addresses becomes NXDOMAIN. */
  readonly bogusAddresses: readonly AddressRange[]
  /** `ignore-address`: a reply with one of these addresses is as if it had not come. */
  readonly ignoredAddresses: readonly AddressRange[]
}

/** As dnsmasq has them where the file says nothing. */
export const defaultForwarding: ForwardingSettings = {
  cacheSize: 150,
  minCacheTtl: 0,
  maxCacheTtl: undefined,
  maxTtl: undefined,
  negTtl: undefined,
  keepNegatives: true,
  strictOrder: false,
  allServers: false,
  rebind: { stop: false, localhostOk: false, exemptDomains: [] },
  bogusAddresses: [],
  ignoredAddresses: [],
}
