import { BlockList, isIP } from 'node:net'
import type { Probe } from '@standin/client'

/** A probe as requests are compared with it. Null: anything. */
export interface CompiledProbe {
  readonly userAgent: string | null
  readonly path: string | null
  readonly network: BlockList | null
}

/** Null where there is none: most environments share that. */
export const compileProbes = (probes: readonly Probe[] | undefined): readonly CompiledProbe[] | null => {
  if (probes === undefined || probes.length === 0) return null
  // What names nothing would match everyone, and what can't be understood must match nobody.
  const compiled = probes.map(compile).filter((probe) => probe !== null)
  return compiled.length === 0 ? null : compiled
}

const compile = ({ userAgent, path, network }: Probe): CompiledProbe | null => {
  if (userAgent === undefined && path === undefined && network === undefined) return null
  const block = network === undefined ? null : parseNetwork(network)
  if (block === null && network !== undefined) return null
  return { userAgent: userAgent ?? null, path: path ?? null, network: block }
}

/** `10.0.0.0/8`, `::1`, `fd00::/8`. Null where it is neither an address nor a network. */
export const parseNetwork = (text: string): BlockList | null => {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const family = isIP(address)
  const widest = family === 6 ? 128 : 32
  const bits = slash === -1 ? String(widest) : text.slice(slash + 1)
  if (family === 0 || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > widest) return null
  const block = new BlockList()
  block.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
  return block
}

/**
 * Whether someone only looks if an environment is there: everything that the probe names must fit.
 * @param path as it came; its query is not compared
 */
export const isProbe = (
  probes: readonly CompiledProbe[] | null,
  request: { readonly path: string; readonly userAgent: string; readonly address: string },
): boolean => {
  if (probes === null) return false
  for (const probe of probes) if (fits(probe, request)) return true
  return false
}

const fits = ({ userAgent, path, network }: CompiledProbe, request: Parameters<typeof isProbe>[1]): boolean => {
  if (userAgent !== null && !request.userAgent.startsWith(userAgent)) return false
  if (path !== null && !isPath(request.path, path)) return false
  return network === null || network.check(request.address, request.address.includes(':') ? 'ipv6' : 'ipv4')
}

const isPath = (target: string, path: string): boolean =>
  target.startsWith(path) && (target.length === path.length || target.charCodeAt(path.length) === 0x3f)
