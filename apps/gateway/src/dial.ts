import { type LookupAddress, lookup } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import type { RefusedEndpoints } from './refused-endpoints.ts'

/** Milliseconds that a connection attempt may take. */
const dialTimeoutMs = 5_000

export type DialCallback = (error: Error | null, socket: Socket | null) => void

/**
 * Connects to an endpoint, unless it is one of ours.
 * Errors: `endpoint_refused`, `timeout`, or the system's own with its `code` (`ECONNREFUSED`, `EHOSTUNREACH`, …).
 */
export const dial = (refused: RefusedEndpoints, address: string, port: number, callback: DialCallback): Socket | null => {
  if (isIP(address) !== 0) {
    const owner = refused.ownerOf(address, port)
    if (owner !== null) {
      process.nextTick(callback, refusal(address, port, owner), null)
      return null
    }
  }
  const socket = connect({
    host: address,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    lookup: guarded(refused, port),
  })
  const timer = setTimeout(() => {
    socket.destroy(new StandinError('timeout', `${address}:${port} did not take the connection within ${dialTimeoutMs / 1000} s`))
  }, dialTimeoutMs)
  let settled = false
  const settle = (error: Error | null) => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    callback(error, error === null ? socket : null)
  }
  socket.once('connect', () => settle(null))
  socket.on('error', settle)
  socket.once('close', () => settle(new Error(`The connection to ${address}:${port} was closed before it was made`)))
  return socket
}

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
