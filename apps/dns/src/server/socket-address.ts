import { addressBytes } from '../wire/address.ts'
import type { Source } from '../wire/source.ts'

/** Of Linux; octets of struct sockaddr_in and struct sockaddr_in6. */
export const family = { inet: 2, inet6: 10 } as const
const length = { inet: 16, inet6: 28 } as const
/** What has to fit where an address is written. */
export const longestAddress = length.inet6

/**
 * Writes a numeric address as the system has it (struct sockaddr), little endian, and gives its length; 0 where it can't be
 * written, as one with a zone index.
 */
export function writeAddress(address: string, port: number, output: Buffer, at: number): number {
  const bytes = addressBytes(address)
  if (bytes === undefined) return 0
  const isIPv4 = bytes.length === 4
  const end = at + (isIPv4 ? length.inet : length.inet6)
  output.fill(0, at, end)
  output.writeUInt16LE(isIPv4 ? family.inet : family.inet6, at)
  output.writeUInt16BE(port, at + 2)
  output.set(bytes, at + (isIPv4 ? 4 : 8))
  return end - at
}

/** Reads the address that the system has written at `at`. Gives false for one that is of no family of ours. */
export function readAddress(octets: Buffer, at: number, source: Source): boolean {
  const port = ((octets[at + 2] as number) << 8) | (octets[at + 3] as number)
  switch (octets.readUInt16LE(at)) {
    case family.inet:
      source.setIPv4(octets.readInt32BE(at + 4), port)
      return true
    case family.inet6:
      source.setIPv6(octets, at + 8, port)
      return true
    default:
      return false
  }
}
