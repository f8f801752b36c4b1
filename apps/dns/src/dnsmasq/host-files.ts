import { addressBytes } from '../wire/address.ts'
import type { WireName } from '../wire/name.ts'
import type { DhcpHost } from './configuration.ts'
import { ValueError } from './configuration-line.ts'
import { readName } from './values.ts'

/** A line of a hosts file: an address and the names that it has. */
export interface HostLine {
  readonly address: Buffer
  /** At least one, in lower case. */
  readonly names: readonly WireName[]
}

/** A machine that has an address for some time. */
export interface Lease extends HostLine {
  /** Unix time in seconds; 0: it does not end. */
  readonly expires: number
}

/**
 * What `hosts(5)` says, line by line: such files can be large. Lines that make no sense are left out and told to `onFault`, names
 * that are none as well.
 */
export function readHosts(
  text: string,
  onLine: (line: HostLine, number: number) => void,
  onFault: (line: number, message: string) => void,
): void {
  let number = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    number++
    readHostLine(text.slice(start, end), number, onLine, (message) => onFault(number, message))
    start = end + 1
  }
}

function readHostLine(
  line: string,
  number: number,
  onLine: (line: HostLine, number: number) => void,
  onFault: (message: string) => void,
): void {
  const comment = line.indexOf('#')
  const [first = '', ...words] = (comment < 0 ? line : line.slice(0, comment)).trim().split(/\s+/)
  if (first === '') return
  const address = addressBytes(first)
  if (address === undefined) {
    onFault(`"${first}" is no IP address`)
    return
  }
  const names: WireName[] = []
  for (const word of words) names.push(...nameOrNothing(word, onFault))
  if (names.length > 0) onLine({ address, names }, number)
}

/**
 * dnsmasq's database of leases: `EXPIRY MAC ADDRESS NAME CLIENT-ID`, for IPv6 an association's id instead of the MAC; a
 * name `*` is none. The line with the server's own id is passed over.
 */
export function readLeases(text: string): Lease[] {
  return text.split('\n').flatMap((line) => {
    const [expires = '', , address = '', name = '*'] = line.trim().split(/\s+/)
    const octets = addressBytes(address)
    if (!/^[0-9]+$/.test(expires) || octets === undefined || name === '*') return []
    return nameOrNothing(name, () => {}).map((wire) => ({ expires: Number(expires), address: octets, names: [wire] }))
  })
}

/** Lines of `dhcp-hostsfile`: each is what `dhcp-host=` may have. */
export function readDhcpHosts(text: string): DhcpHost[] {
  return text.split('\n').flatMap((line) => readDhcpHost(line.replace(/(^|\s)#.*$/, '').split(',')) ?? [])
}

/**
 * `[MAC],[id:ID],[set:TAG],[tag:TAG],[ADDRESS],[NAME],[LEASE TIME],[ignore]`: the name and its addresses. Undefined where
 * either is missing: such a line says nothing of names.
 */
export function readDhcpHost(fields: readonly string[]): DhcpHost | undefined {
  const addresses: Buffer[] = []
  let name: string | undefined
  for (const field of fields.map((each) => each.trim())) {
    const ipv6 = /^\[(.*)\]$/.exec(field)?.[1]
    const address = addressBytes(ipv6 ?? field)
    // `[::5]` is the end of an address, to be put behind whatever network there is.
    if (address !== undefined) {
      if (!(ipv6 ?? '').startsWith('::')) addresses.push(address)
    } else if (field === 'ignore') return undefined
    else if (name === undefined && isHostName(field)) name = field
  }
  return name === undefined || addresses.length === 0 ? undefined : { name, addresses }
}

function isHostName(field: string): boolean {
  if (field === '' || field === '*' || field === 'infinite' || field.includes(':') || /^[0-9]+[smhdw]?$/.test(field)) return false
  return nameOrNothing(field, () => {}).length > 0
}

function nameOrNothing(text: string, onFault: (message: string) => void): WireName[] {
  try {
    return [readName(text)]
  } catch (cause) {
    if (!(cause instanceof ValueError)) throw cause
    onFault(cause.message)
    return []
  }
}

/** Whether a name has one label only. */
export function isShort(name: WireName): boolean {
  return name.length === name.charCodeAt(0) + 2
}

/** `web` and `d.test`: `web.d.test`. */
export function within(name: WireName, domain: WireName): WireName {
  return name.slice(0, -1) + domain
}
