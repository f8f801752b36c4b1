import { isIP } from 'node:net'
import { StandinError } from '@standin/client'
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

  /** Where this process reaches its own API. @throws StandinError `internal` before it listens */
  get apiUrl(): string {
    if (this.#api === undefined) throw new StandinError('internal', 'the API does not listen yet')
    return urlOf(this.#api.address, this.#api.port)
  }

  /** What must not be attached. */
  get reserved(): SocketName[] {
    const { gateway, gatewayHttps, dns } = this.#config
    return [
      ...(this.#api === undefined ? [] : [this.#api]),
      { address: addressOf(gateway.hostname), port: portOf(gateway) },
      ...(gatewayHttps === null ? [] : [{ address: addressOf(gatewayHttps.hostname), port: portOf(gatewayHttps) }]),
      ...(dns === null ? [] : [parseEndpoint(dns)]),
    ]
  }
}

/** How this machine reaches what listens there. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** The platform's names as followers and clients are told them. */
export function placeOf({ domain, gateway, gatewayHttps }: ControlConfig): Place {
  const address = addressOf(gateway.hostname)
  return {
    domain,
    gateway: {
      scheme: gateway.protocol === 'https:' ? 'https' : 'http',
      port: portOf(gateway),
      httpsPort: gatewayHttps === null ? (gateway.protocol === 'https:' ? portOf(gateway) : null) : portOf(gatewayHttps),
      addresses: [address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address],
    },
  }
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

/** A name stands for any address of this machine. */
function addressOf(hostname: string): string {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (bare === 'localhost') return '127.0.0.1'
  return isIP(bare) === 0 ? '0.0.0.0' : bare
}
