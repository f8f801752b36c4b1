import { type LookupAddress, lookup } from 'node:dns'
import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import type { RefusedEndpoints } from '../refused-endpoints.ts'

/** Where a transport connects to. */
export interface Address {
  readonly address: string
  readonly port: number
}

/** Seconds that a connection attempt may take; whoever dials counts them. */
export const dialSeconds = 5

/**
 * Begins to connect to an endpoint, unless it is one of ours. The socket tells by `connect` or `error` what came of it;
 * a name that leads to one of ours ends in `error` with `endpoint_refused`.
 * @param onread reads into this buffer in place of a stream's chunks
 */
export const dial = (refused: RefusedEndpoints, { address, port }: Address, onread?: OnReadOpts): Socket | StandinError => {
  if (isIP(address) !== 0) {
    const owner = refused.ownerOf(address, port)
    if (owner !== null) return refusal(address, port, owner)
  }
  return connect({
    host: address,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    lookup: guarded(refused, port),
    ...(onread === undefined ? {} : { onread }),
  })
}

export const dialTimeout = ({ address, port }: Address): StandinError =>
  new StandinError('timeout', `${address}:${port} did not take the connection within ${dialSeconds} s`)

/** A name is judged by what it resolves to. */
const guarded =
  (refused: RefusedEndpoints, port: number): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, [])
      for (const { address } of addresses) {
        const owner = refused.ownerOf(address, port)
        if (owner !== null) return callback(refusal(hostname, port, owner), [])
      }
      const first = addresses[0]
      if (options.all === true || first === undefined) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

const refusal = (address: string, port: number, owner: string) =>
  new StandinError('endpoint_refused', `${address}:${port} belongs to ${owner}; the gateway sends no traffic there`, {
    hint: 'Publish an address on which the application itself listens',
  })
