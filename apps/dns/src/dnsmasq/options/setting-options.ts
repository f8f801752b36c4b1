import { resolve } from 'node:path'
import { addressBytes } from '../../wire/address.ts'
import { fieldsOf, unmarked, ValueError } from '../configuration-line.ts'
import { readName, readNumber, readRange } from '../values.ts'
import type { Draft, OptionReader, OptionTable } from './draft.ts'
import { reverseDomains } from './server-options.ts'

const longestMinimum = 3600

const flag = (set: (draft: Draft) => void): OptionReader => ({ flag: set })
/** Takes a TTL in seconds. */
const seconds = (set: (draft: Draft, value: number) => void): OptionReader => ({
  value: (draft, value) => set(draft, readNumber(value, 'time in seconds')),
})
const path = (set: (draft: Draft, value: string) => void): OptionReader => ({
  value: (draft, value) => set(draft, resolve(unmarked(value))),
})

/** What holds for all names: times, the cache, whom to ask, which files are read. */
export const settingOptions: OptionTable = {
  'domain-needed': flag((draft) => (draft.domainNeeded = true)),
  'bogus-priv': flag((draft) => (draft.bogusPriv = true)),
  'bogus-nxdomain': { value: (draft, value) => draft.bogusAddresses.push(readRange(unmarked(value))), takesEmpty: true },
  'ignore-address': { value: (draft, value) => draft.ignoredAddresses.push(readRange(unmarked(value))), takesEmpty: true },
  'strict-order': flag((draft) => (draft.forwarding.strictOrder = true)),
  'all-servers': flag((draft) => (draft.forwarding.allServers = true)),
  'stop-dns-rebind': flag((draft) => (draft.forwarding.rebind = { ...draft.forwarding.rebind, stop: true })),
  'rebind-localhost-ok': flag((draft) => (draft.forwarding.rebind = { ...draft.forwarding.rebind, localhostOk: true })),
  'no-resolv': flag((draft) => (draft.readsResolvFiles = false)),
  'resolv-file': path((draft, file) => draft.namedResolvFiles.push(file)),

  'cache-size': { value: (draft, value) => (draft.forwarding.cacheSize = readNumber(value, 'number of entries')) },
  'no-negcache': flag((draft) => (draft.forwarding.keepNegatives = false)),
  'neg-ttl': seconds((draft, value) => (draft.forwarding.negTtl = value)),
  // 0 is no limit, as dnsmasq has it.
  'max-ttl': seconds((draft, value) => (draft.forwarding.maxTtl = value === 0 ? undefined : value)),
  'max-cache-ttl': seconds((draft, value) => (draft.forwarding.maxCacheTtl = value === 0 ? undefined : value)),
  'min-cache-ttl': seconds((draft, value) => (draft.forwarding.minCacheTtl = Math.min(value, longestMinimum))),
  'local-ttl': seconds((draft, value) => (draft.localTtl = value)),
  'dhcp-ttl': seconds((draft, value) => (draft.ownDhcpTtl = value)),

  'no-hosts': flag((draft) => (draft.readsSystemHosts = false)),
  'addn-hosts': path((draft, file) => draft.moreHostsFiles.push(file)),
  hostsdir: path((draft, folder) => draft.moreHostsFiles.push(folder)),
  'expand-hosts': flag((draft) => (draft.expandHosts = true)),
  domain: { value: readDomain },
  'dhcp-fqdn': flag((draft) => (draft.onlyWholeNames = true)),
  'dhcp-hostsfile': path((draft, file) => draft.dhcpHostsFiles.push(file)),
  'dhcp-hostsdir': path((draft, folder) => draft.dhcpHostsFiles.push(folder)),
  'dhcp-leasefile': path((draft, file) => (draft.ownLeaseFile = file)),
  'dhcp-range': { value: (draft) => (draft.givesLeases = true) },

  'listen-address': { value: readListenAddresses, takesEmpty: true },
  port: { value: (draft, value) => (draft.port = readNumber(value, 'port', 65_535)) },
  'log-queries': { value: (draft) => (draft.logQueries = true), isOptional: true },
}

function readListenAddresses(draft: Draft, value: string): void {
  for (const address of fieldsOf(value)) {
    if (addressBytes(address) === undefined) throw new ValueError(`"${address}" is no IP address`)
    draft.listenAddresses.push(address)
  }
}

/** `NAME`, `NAME,ADDRESS/BITS[,local]`, `NAME,FIRST,LAST`. */
function readDomain(draft: Draft, value: string): void {
  const [text = '', from, to, ...rest] = fieldsOf(value)
  if (text === '#') throw new ValueError('# (the search list of the system) is not supported: name the domain')
  const name = readName(text)
  if (from === undefined || from === '') {
    draft.domain = name
    return
  }
  if (rest.length > 0) throw new ValueError('has more than NAME,RANGE,local')
  const first = addressBytes(from)
  if (first !== undefined && to !== undefined && to !== 'local') {
    const last = addressBytes(to)
    if (last === undefined || last.length !== first.length) throw new ValueError(`"${to}" is no IP address like "${from}"`)
    draft.rangedDomains.push({ name, first, last })
    return
  }
  const range = readRange(from)
  draft.rangedDomains.push({ name, ...boundsOf(range.octets, range.bits) })
  if (to === undefined) return
  if (to !== 'local') throw new ValueError(`"${to}" is not "local"`)
  for (const zone of [name, ...reverseDomains(range)])
    draft.rules.push({ pattern: { kind: 'domain', name: zone }, effect: { kind: 'local' } })
}

function boundsOf(octets: Uint8Array, bits: number): { readonly first: Buffer; readonly last: Buffer } {
  const first = Buffer.from(octets)
  const last = Buffer.from(octets)
  for (let at = 0; at < octets.length; at++) {
    const free = Math.min(8, Math.max(0, 8 * (at + 1) - bits))
    const mask = (1 << free) - 1
    first[at] = (first[at] as number) & ~mask
    last[at] = (last[at] as number) | mask
  }
  return { first, last }
}
