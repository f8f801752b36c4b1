import { isIP } from 'node:net'
import type { Probe } from '@standin/client'
import type { ListenAddress } from './gateway-config.ts'

/** `127.0.0.1:8080`, `[::1]:0`. Null where it is neither. */
export const parseAddress = (text: string): ListenAddress | null => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) return null
  if (match?.[1] !== undefined && isIP(host) !== 6) return null
  return { host, port }
}

/** `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`; as it was written. Null where it is none of these. */
export const parseNetworkText = (text: string): string | null => {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return null
  if (bits === undefined) return text
  return /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32) ? text : null
}

/** `kube-probe/`, `path:/healthz`, `network:10.0.0.0/8`, `agent:probe+path:/healthz`. Null where it is none of these. */
export const parseProbe = (text: string): Probe | null => {
  const probe: Probe = {}
  for (const part of text.split('+')) {
    const [, kind = 'agent', value = ''] = /^(?:(agent|path|network):)?(.*)$/.exec(part) ?? []
    if (value === '') return null
    if (kind === 'path' && !value.startsWith('/')) return null
    if (kind === 'network' && parseNetworkText(value) === null) return null
    const field = kind === 'agent' ? 'userAgent' : kind === 'path' ? 'path' : 'network'
    if (probe[field] !== undefined) return null
    probe[field] = value
  }
  return probe
}

export const parseCount = (text: string, minimum: number, maximum: number): number | null => {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1
  return count >= minimum && count <= maximum ? count : null
}

const unitMs = { ms: 1, s: 1_000, m: 60_000 } as const

/** `500ms`, `10s`, `2m`, as milliseconds. */
export const parseDuration = (text: string): number | null => {
  const match = /^([0-9]{1,6})(ms|s|m)$/.exec(text)
  return match === null ? null : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
}

/** Of an address that somebody listens on already, `127.0.0.1:8080`; null stays null. */
export const addressOf = (text: string | null): ListenAddress | null => (text === null ? null : parseAddress(text))
