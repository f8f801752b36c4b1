import { networkInterfaces } from 'node:os'
import type { UpstreamServer } from '../dnsmasq/settings.ts'
import { addressBytes } from '../wire/address.ts'

/** Whether to ask `upstream` is to ask the one who listens at `listen`: then every question would come back. */
export function isOurselves(upstream: UpstreamServer, listen: { readonly address: string; readonly port: number }): boolean {
  if (upstream.port !== listen.port) return false
  const asked = plain(upstream.address)
  const heard = plain(listen.address)
  if (asked === undefined || heard === undefined) return false
  if (asked.equals(heard)) return true
  const isEverywhere = heard.every((octet) => octet === 0)
  if (!isEverywhere || (heard.length === 4 && asked.length === 16)) return false
  return isOfThisMachine(asked)
}

function isOfThisMachine(address: Buffer): boolean {
  // Whoever asks 0.0.0.0 or :: asks this machine.
  if (address.every((octet) => octet === 0)) return true
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return interfaces.some((own) => plain(own.address.split('%')[0] as string)?.equals(address) === true)
}

/** An IPv4 address that is written as an IPv6 one is the same address (RFC 4291, section 2.5.5.2). */
function plain(text: string): Buffer | undefined {
  const bytes = addressBytes(text)
  const isMapped = bytes?.length === 16 && bytes.subarray(0, 10).every((octet) => octet === 0) && bytes.readUInt16BE(10) === 0xffff
  return isMapped ? bytes.subarray(12) : bytes
}
