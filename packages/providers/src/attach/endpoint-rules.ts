import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'
import { networkInterfaces } from 'node:os'
import { StandinError } from '@standin/client'

export interface SocketName {
  readonly address: string
  readonly port: number
}

const unroutable = new BlockList()
unroutable.addSubnet('0.0.0.0', 8, 'ipv4')
unroutable.addSubnet('224.0.0.0', 4, 'ipv4')
unroutable.addAddress('255.255.255.255', 'ipv4')
unroutable.addAddress('::', 'ipv6')
unroutable.addSubnet('ff00::', 8, 'ipv6')

/** Where clouds hand out the machine's credentials. */
const metadata = new BlockList()
metadata.addAddress('169.254.169.254', 'ipv4')
metadata.addAddress('fd00:ec2::254', 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Instances of ours have addresses of their own here, each with all of production's ports. */
const instanceRange = new BlockList()
instanceRange.addSubnet('127.64.0.0', 10, 'ipv4')

/**
 * `127.0.0.1:9000`, `[::1]:9000`, `localhost:9000`; an IPv4 address that is mapped into IPv6 becomes IPv4 again.
 * @throws StandinError `endpoint_refused` for anything else, names among them: records hold addresses
 */
export function parseEndpoint(text: string): SocketName {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw refused(text, 'is not an address and a port', 'Write 127.0.0.1:9000 or [::1]:9000, with a port from 1 to 65535')
  }
  const address = normalAddress(host)
  if (address === null) throw refused(text, 'does not name an IP address', 'Use the address that the name stands for')
  return { address, port }
}

/**
 * Refuse what would let the platform call itself, or hand out what isn't a service.
 * @param reserved where the platform's own parts listen
 * @throws StandinError `endpoint_refused`
 */
export function refuseForbidden(endpoint: SocketName, reserved: readonly SocketName[]): void {
  const text = formatEndpoint(endpoint)
  const family = isIPv4(endpoint.address) ? 'ipv4' : 'ipv6'
  if (unroutable.check(endpoint.address, family)) {
    throw refused(text, 'is no address of one machine', 'Name the address that the service listens on, 127.0.0.1 for instance')
  }
  if (metadata.check(endpoint.address, family)) throw refused(text, 'is the metadata service of a cloud', 'Attach a service of yours')
  for (const own of reserved) {
    if (own.port === endpoint.port && reaches(endpoint.address, own.address)) {
      throw refused(text, "is one of the platform's own listeners", 'Attach the address of the service behind it')
    }
  }
}

export function formatEndpoint({ address, port }: SocketName): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Whether a connection to `address` may end at what listens on `own`, on the same port. */
function reaches(address: string, own: string): boolean {
  if (address === own) return true
  if (!isLocal(address)) return false
  return !(isIPv4(address) && instanceRange.check(address, 'ipv4')) || own === '0.0.0.0' || own === '::'
}

function isLocal(address: string): boolean {
  if (loopback.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) return true
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some((each) => normalAddress(each.address) === address))
}

/** One spelling per address; null where it is none. A zone (`%eth0`) is no part of it. */
function normalAddress(host: string): string | null {
  if (host === 'localhost') return '127.0.0.1'
  const bare = host.split('%')[0] ?? ''
  if (isIP(bare) === 0) return null
  const { address } = new SocketAddress({ address: bare, family: isIPv4(bare) ? 'ipv4' : 'ipv6' })
  const mapped = /^::ffff:(?:([0-9.]+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address)
  if (mapped === null) return address
  if (mapped[1] !== undefined) return mapped[1]
  const bits = Number.parseInt(mapped[2] as string, 16) * 65_536 + Number.parseInt(mapped[3] as string, 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

function refused(endpoint: string, why: string, hint: string): StandinError {
  return new StandinError('endpoint_refused', `the endpoint ${endpoint} ${why}`, { hint })
}
