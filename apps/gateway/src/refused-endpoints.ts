import { isIP, SocketAddress } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Addresses that no environment may have traffic sent to: the gateway's own listeners, control, the resolver. Control
 * refuses them when they are attached; this is the second line, right where connections are made.
 */
export class RefusedEndpoints {
  /** By port, since nearly every lookup ends there: port → {owner, address} */
  readonly #byPort = new Map<number, { owner: string; address: string }[]>()

  /** Replaces what `owner` has. @param listeners `address:port`, `http://address:port` */
  set(owner: string, listeners: readonly string[]): void {
    for (const [port, entries] of this.#byPort) {
      this.#byPort.set(
        port,
        entries.filter((entry) => entry.owner !== owner),
      )
    }
    for (const listener of listeners) {
      const match = /^(?:[a-z]+:\/\/)?(\[[^\]]+\]|[^:/]+):([0-9]+)\/?$/.exec(listener)
      if (match === null) continue
      const port = Number(match[2])
      const address = plainAddress(match[1] as string)
      this.#byPort.set(port, [...(this.#byPort.get(port) ?? []), { owner, address }])
    }
  }

  /** Whose listener that is; null where traffic may go there. */
  ownerOf(address: string, port: number): string | null {
    const entries = this.#byPort.get(port)
    if (entries === undefined || entries.length === 0) return null
    const plain = plainAddress(address)
    for (const entry of entries) {
      if (entry.address === plain) return entry.owner
      // Connecting to 0.0.0.0 reaches loopback, and whoever listens there has all of this machine's addresses.
      if (isAnyAddress(plain) && isLocal(entry.address)) return entry.owner
      if (isAnyAddress(entry.address) && isLocal(plain)) return entry.owner
    }
    return null
  }
}

/**
 * One spelling per address: without brackets and zone, an IPv4 address within IPv6 as what it is (RFC 4291, section
 * 2.5.5.2), whichever way it is written. Names of loopback become its address; other names stay.
 */
export const plainAddress = (address: string): string => {
  if (!address.includes(':')) return address.toLowerCase() === 'localhost' ? '127.0.0.1' : address
  let plain = address.toLowerCase()
  if (plain.startsWith('[')) plain = plain.slice(1, -1)
  const zone = plain.indexOf('%')
  if (zone !== -1) plain = plain.slice(0, zone)
  if (plain.startsWith('::ffff:') && isIP(plain.slice(7)) === 4) return plain.slice(7)
  if (isIP(plain) !== 6) return plain
  plain = new SocketAddress({ address: plain, family: 'ipv6' }).address
  const mapped = /^::ffff:(?:([0-9.]+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(plain)
  if (mapped === null) return plain
  if (mapped[1] !== undefined) return mapped[1]
  const [high, low] = [Number.parseInt(mapped[2] as string, 16), Number.parseInt(mapped[3] as string, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

const isAnyAddress = (address: string) => address === '0.0.0.0' || address === '::'

const isLocal = (address: string): boolean => {
  if (isAnyAddress(address) || address.startsWith('127.') || address === '::1') return true
  for (const interfaces of Object.values(networkInterfaces())) {
    if (interfaces?.some((one) => one.address === address)) return true
  }
  return false
}
