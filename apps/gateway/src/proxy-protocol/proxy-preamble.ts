import { isIPv4, isIPv6 } from 'node:net'
import type { ConnectionInfo } from '../http/client-connection.ts'
import { type ProxiedClient, signature } from './proxy-header.ts'

/**
 * What an endpoint is told of a client's connection before anything else comes on its own. A zone (`fe80::1%eth0`) means
 * something on this machine only.
 */
export const proxyPreamble = (
  version: 'v1' | 'v2',
  { address, clientPort, localAddress, port }: Pick<ConnectionInfo, 'address' | 'clientPort' | 'localAddress' | 'port'>,
): Buffer => {
  const client = { address: withoutZone(address), port: clientPort, localAddress: withoutZone(localAddress), localPort: port }
  return version === 'v1' ? proxyLine(client) : proxyBlock(client)
}

/** Of a connection that the gateway opens for itself, to see whether an endpoint is well (sections 2.1 and 2.2). */
export const ownPreamble = (version: 'v1' | 'v2'): Buffer => (version === 'v1' ? unknownLine : localBlock)

const unknownLine = Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
const localBlock = Buffer.concat([signature, Buffer.from([0x20, 0x00, 0x00, 0x00])])

const withoutZone = (address: string): string => {
  const zone = address.indexOf('%')
  return zone === -1 ? address : address.slice(0, zone)
}

/** Version 1 of the PROXY header: for an endpoint that wants to know whom a connection comes from (section 2.1). */
export const proxyLine = ({ address, port, localAddress, localPort }: ProxiedClient): Buffer => {
  const family = isIPv4(address) && isIPv4(localAddress) ? 'TCP4' : isIPv6(address) && isIPv6(localAddress) ? 'TCP6' : null
  return family === null ? unknownLine : Buffer.from(`PROXY ${family} ${address} ${localAddress} ${port} ${localPort}\r\n`, 'latin1')
}

/** Version 2 of it (section 2.2). Two addresses of different families are both written as IPv6 ones. */
export const proxyBlock = ({ address, port, localAddress, localPort }: ProxiedClient): Buffer => {
  const isShort = isIPv4(address) && isIPv4(localAddress)
  const addresses = [address, localAddress].map(isShort ? ipv4Bytes : ipv6Bytes)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port, 0)
  ports.writeUInt16BE(localPort, 2)
  const payload = Buffer.concat([...addresses, ports])
  const head = Buffer.from([0x21, isShort ? 0x11 : 0x21, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([signature, head, payload])
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

const ipv6Bytes = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), ipv4Bytes(address)])
  // The URL parser takes every way of writing it, a tail in decimal included.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [front = '', back] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [left, right] = [groups(front), back === undefined ? [] : groups(back)]
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return Buffer.concat([...left, ...zeros, ...right].map((group) => Buffer.from(group.padStart(4, '0'), 'hex')))
}
