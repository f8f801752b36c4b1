import type { ConnectionLimits } from '../gateway-config.ts'

/** From one address, where the command line says nothing. */
const defaultPerClient = 1_024

/** Which limit a connection would break. */
export type Excess = 'connections' | 'connections-per-client'

/** Counts connections, in total and by client, and knows when there are enough. */
export class ConnectionCounts {
  readonly #total: number
  readonly #perClient: number
  readonly #sparesThisMachine: boolean
  readonly #clients = new Map<string, number>()
  #open = 0

  constructor({ connections, connectionsPerClient }: ConnectionLimits) {
    this.#total = connections
    this.#perClient = connectionsPerClient ?? defaultPerClient
    this.#sparesThisMachine = connectionsPerClient === null
  }

  get open(): number {
    return this.#open
  }

  /** @returns whether there was room; then `leave` has to follow */
  enter(): boolean {
    if (this.#open >= this.#total) return false
    this.#open++
    return true
  }

  leave(): void {
    this.#open--
  }

  /** @returns whether this client may have one more; then `leaveClient` has to follow */
  enterClient(address: string): boolean {
    if (this.#sparesThisMachine && isThisMachine(address)) return true
    const open = this.#clients.get(address) ?? 0
    if (open >= this.#perClient) return false
    this.#clients.set(address, open + 1)
    return true
  }

  leaveClient(address: string): void {
    const open = this.#clients.get(address)
    if (open === undefined) return
    if (open === 1) this.#clients.delete(address)
    else this.#clients.set(address, open - 1)
  }
}

const isThisMachine = (address: string) => address.startsWith('127.') || address === '::1'
