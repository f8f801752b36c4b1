import type { Endpoint, RouteInFile } from '@standin/client'

/** An endpoint as a routes file writes it; what is wrong with it where it is none. */
export const endpointOf = (written: RouteInFile['endpoints'][number]): Endpoint | string => {
  const {
    address,
    port: ownPort,
    weight,
  } = typeof written === 'string' ? { address: written, port: undefined, weight: undefined } : written
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+))(?::([0-9]{1,5}))?$/.exec(address)
  if (match === null) return `"${address}" is not an address: write 127.0.0.1:9000 or [::1]:9000`
  if (match[3] !== undefined && ownPort !== undefined) return `"${address}" has a port, and there is "port" as well`
  const port = match[3] === undefined ? ownPort : Number(match[3])
  if (port === undefined) return `"${address}" has no port`
  if (port < 1 || port > 65_535) return `${port} is not a port: they go from 1 to 65535`
  const host = (match[1] ?? match[2]) as string
  // An address that a file names stays the same endpoint, whoever listens there.
  return {
    address: host,
    port,
    generation: 0,
    instance: `${match[1] === undefined ? host : `[${host}]`}:${port}`,
    ...(weight === undefined ? {} : { weight }),
  }
}
