import { isIP } from 'node:net'

/** `10.0.0.0/8`, `fd00::/8`, or one address: what `Probe.network` may be. RFC 4632, section 3.1; RFC 4291, section 2.3. */
export function isNetwork(text: string): boolean {
  const [address = '', length, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0 || address.includes('%')) return false
  return length === undefined || (/^(0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
}
