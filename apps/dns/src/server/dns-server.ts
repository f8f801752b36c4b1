import { StandinError } from '@standin/client/errors'
import type { Resolver } from '../resolver.ts'
import { type TcpLimits, TcpListener } from './tcp-listener.ts'
import { type UdpLimits, UdpListener } from './udp-listener.ts'

export interface ListenAddress {
  /** A numeric address. */
  readonly address: string
  /** 0: any that is free for both UDP and TCP. */
  readonly port: number
}

export type ServerLimits = TcpLimits & UdpLimits

/** How often another port is tried when the one that the system gave for UDP is taken for TCP. */
const attempts = 20

/** UDP and TCP on one port. */
export class DnsServer {
  readonly #udp: UdpListener
  readonly #tcp: TcpListener

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: ServerLimits = {}) {
    this.#udp = new UdpListener(resolver, onError, limits)
    this.#tcp = new TcpListener(resolver, onError, limits)
  }

  /** Gives the port. Throws `port_taken`, or `invalid` for an address that this machine does not have. */
  async listen({ address, port }: ListenAddress): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const bound = await this.#udp.listen(address, port).catch((cause: unknown) => {
        throw listenError(cause, { address, port }, 'UDP')
      })
      try {
        await this.#tcp.listen(address, bound)
        return bound
      } catch (cause) {
        await this.#udp.close()
        if (port !== 0 || attempt === attempts) throw listenError(cause, { address, port: bound }, 'TCP')
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#udp.close(), this.#tcp.close()])
  }
}

function listenError(cause: unknown, { address, port }: ListenAddress, protocol: string): StandinError {
  const code = (cause as NodeJS.ErrnoException).code
  const where = hostPort({ address, port })
  if (code === 'EADDRINUSE') {
    return new StandinError('port_taken', `${where} is taken for ${protocol}`, {
      hint: 'Stop what listens there, or give the resolver another address with --listen ADDRESS:PORT.',
      cause,
    })
  }
  return new StandinError('invalid', `can not listen on ${where} for ${protocol}: ${(cause as Error).message}`, {
    hint:
      code === 'EACCES'
        ? 'Ports below 1024 need a privilege: give another one with --listen ADDRESS:PORT.'
        : 'Give an address of this machine with --listen ADDRESS:PORT.',
    cause,
  })
}

/** `127.0.0.1:5354`, `[::1]:5354`. */
export function hostPort({ address, port }: ListenAddress): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}
