import { isIP } from 'node:net'
import { parseEndpoint, type SocketName } from '@standin/providers/attach'
import type { ControlConfig } from './config.ts'
import type { Place } from './tables/pool.ts'

/** Where the platform's own parts listen; the API's address is known once it does. */
export class Listening {
  readonly #config: ControlConfig
  #api: SocketName | undefined

  constructor(config: ControlConfig) {
    this.#config = config
  }

  at(api: SocketName): void {
    this.#api = { address: api.address, port: api.port }
  }

  /** What must not be attached. */
  get reserved(): SocketName[] {
    const { gateway, dns } = this.#config
    const port = Number(gateway.port) || (gateway.protocol === 'https:' ? 443 : 80)
    return [
      ...(this.#api === undefined ? [] : [this.#api]),
      { address: addressOf(gateway.hostname), port },
      ...(dns === null ? [] : [parseEndpoint(dns)]),
    ]
  }
}

/** The platform's names as followers and clients are told them. */
export function placeOf({ domain, gateway }: ControlConfig): Place {
  const address = addressOf(gateway.hostname)
  return {
    domain,
    gateway: {
      scheme: gateway.protocol === 'https:' ? 'https' : 'http',
      port: Number(gateway.port) || (gateway.protocol === 'https:' ? 443 : 80),
      addresses: [address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address],
    },
  }
}

/** A name stands for any address of this machine. */
function addressOf(hostname: string): string {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (bare === 'localhost') return '127.0.0.1'
  return isIP(bare) === 0 ? '0.0.0.0' : bare
}
