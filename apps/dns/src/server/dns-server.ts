import { StandinError } from '@standin/client/errors'
import type { Resolver } from '../resolver.ts'
import { isWildcard, machineAddresses } from './machine-addresses.ts'
import { type TcpLimits, TcpListener } from './tcp-listener.ts'
import { type UdpLimits, UdpListener } from './udp-listener.ts'

export interface ListenAddress {
  /** A numeric address. 0.0.0.0: all of the machine's IPv4 addresses; `::`: all of both families. */
  readonly address: string
  /** 0: any that is free for both UDP and TCP. */
  readonly port: number
}

export type ServerLimits = TcpLimits & UdpLimits

/** How often another port is tried when the one that the system gave for UDP is taken for TCP. */
const attempts = 20

/** What a wildcard address stands for, and how often that is looked up again, ms. */
export interface Machine {
  readonly addresses: (wildcard: string) => readonly string[]
  readonly everyMs: number
}

const thisMachine: Machine = { addresses: machineAddresses, everyMs: 10_000 }

/**
 * UDP and TCP on one port. A wildcard address becomes a listener for each address of the machine, and they come and go as the
 * addresses do: a reply leaves from the address that was asked, which one socket for all of them couldn't promise
 * (docs/decisions/dns-sockets.md).
 */
export class DnsServer {
  readonly #udp: UdpListener
  readonly #tcp: TcpListener
  readonly #onError: (cause: Error) => void
  readonly #machine: Machine
  readonly #heard = new Set<string>()
  /** Addresses that can't be listened on: told once. */
  readonly #refused = new Set<string>()
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: ServerLimits = {}, machine: Machine = thisMachine) {
    this.#udp = new UdpListener(resolver, onError, limits)
    this.#tcp = new TcpListener(resolver, onError, limits)
    this.#onError = onError
    this.#machine = machine
  }

  /** Gives the port. Throws `port_taken`, or `invalid` for an address that this machine does not have. */
  async listen({ address, port }: ListenAddress): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (!isWildcard(address)) return await this.#hear(address, port)
        const bound = await this.#hearAll(this.#machine.addresses(address), port)
        this.#timer = setInterval(() => {
          this.#looking ??= this.#lookAgain({ address, port: bound }).finally(() => {
            this.#looking = undefined
          })
        }, this.#machine.everyMs).unref()
        return bound
      } catch (cause) {
        await this.close()
        if (port !== 0 || attempt === attempts || (cause as StandinError).code !== 'port_taken') throw cause
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#looking
    this.#heard.clear()
    await Promise.all([this.#udp.close(), this.#tcp.close()])
  }

  /** Gives the port. */
  async #hear(address: string, port: number): Promise<number> {
    const bound = await this.#udp.listen(address, port).catch((cause: unknown) => {
      throw listenError(cause, { address, port }, 'UDP')
    })
    try {
      await this.#tcp.listen(address, bound)
    } catch (cause) {
      await this.#udp.leave(address)
      throw listenError(cause, { address, port: bound }, 'TCP')
    }
    this.#heard.add(address)
    return bound
  }

  /** All on the port of the first one. An address that is gone by now, or not usable yet (RFC 4862, section 5.4), waits for the next look. */
  async #hearAll(addresses: readonly string[], port: number): Promise<number> {
    let bound = port
    let missing: unknown = new StandinError('invalid', 'this machine has no address to listen on')
    for (const address of addresses) {
      try {
        bound = await this.#hear(address, bound)
      } catch (cause) {
        if (!isMissing(cause)) throw cause
        missing = cause
      }
    }
    if (this.#heard.size === 0) throw missing
    return bound
  }

  async #lookAgain({ address: wildcard, port }: ListenAddress): Promise<void> {
    const addresses = new Set(this.#machine.addresses(wildcard))
    for (const address of this.#heard) {
      if (addresses.has(address)) continue
      this.#heard.delete(address)
      this.#tcp.leave(address)
      await this.#udp.leave(address)
    }
    for (const address of this.#refused) if (!addresses.has(address)) this.#refused.delete(address)
    for (const address of addresses) {
      if (this.#timer === undefined) return
      if (this.#heard.has(address)) continue
      try {
        await this.#hear(address, port)
        this.#refused.delete(address)
      } catch (cause) {
        if (!isMissing(cause) && !this.#refused.has(address)) {
          this.#refused.add(address)
          this.#onError(cause as Error)
        }
      }
    }
  }
}

function isMissing(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRNOTAVAIL'
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
