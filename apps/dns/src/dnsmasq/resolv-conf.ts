import { isIP } from 'node:net'
import type { UpstreamServer } from './settings.ts'

/** The servers that a resolv.conf names, in its order; at most three count (resolv.conf(5), MAXNS). */
export function nameserversOf(text: string): UpstreamServer[] {
  return text
    .split('\n')
    .map((line) => /^nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined && isIP(address) !== 0)
    .map((address) => ({ address: address as string, port: 53 }))
    .slice(0, 3)
}
