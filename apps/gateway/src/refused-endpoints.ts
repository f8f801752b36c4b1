import { isIP } from 'node:net'
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

/** Without brackets, zone and the prefix of an IPv4 address in IPv6; names of loopback become its address. */
export const plainAddress = (address: string): string => {
  let plain = address.toLowerCase()
  if (plain.startsWith('[')) plain = plain.slice(1, -1)
  const zone = plain.indexOf('%')
  if (zone !== -1) plain = plain.slice(0, zone)
  if (plain.startsWith('::ffff:') && isIP(plain.slice(7)) === 4) plain = plain.slice(7)
  return plain === 'localhost' ? '127.0.0.1' : plain
}

const isAnyAddress = (address: string) => address === '0.0.0.0' || address === '::'

const isLocal = (address: string): boolean => {
  if (isAnyAddress(address) || address.startsWith('127.') || address === '::1') return true
  for (const interfaces of Object.values(networkInterfaces())) {
    if (interfaces?.some((one) => one.address === address)) return true
  }
  return false
}
