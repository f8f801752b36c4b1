import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StandinError } from '@standin/client'

const first = 0x7f400000 // 127.64.0.0
const size = 1 << 22 // a /10

/**
 * Hands out loopback addresses from 127.64.0.0/10, each to one instance of one environment. Next-fit: an address that
 * was given back is not given out again until all others were, because peers may still hold connections to it.
 * It begins anywhere, so that this holds across restarts too and two installations keep out of each other's way.
 */
export class AddressPool {
  readonly #taken = new Map<string, number>()
  #next = randomInt(size)

  get size(): number {
    return this.#taken.size
  }

  /** Addresses that an environment has had since before this process. */
  adopt(id: number, addresses: Iterable<string>): void {
    for (const address of addresses) this.#taken.set(address, id)
  }

  /** @throws StandinError `provider_failed` when all are taken. */
  async take(id: number, count: number): Promise<string[]> {
    const listening = await listeningAddresses()
    const result: string[] = []
    for (let tried = 0; result.length < count; tried++) {
      if (tried === size) throw new StandinError('provider_failed', 'all addresses of 127.64.0.0/10 are taken')
      const address = toText(first + this.#next)
      this.#next = (this.#next + 1) % size
      const last = Number(address.slice(address.lastIndexOf('.') + 1))
      if (last === 0 || last === 255 || this.#taken.has(address) || listening.has(address)) continue
      this.#taken.set(address, id)
      result.push(address)
    }
    return result
  }

  free(id: number): void {
    for (const [address, owner] of this.#taken) if (owner === id) this.#taken.delete(address)
  }
}

/** Addresses on which anybody on this machine listens, as far as Linux tells. */
async function listeningAddresses(): Promise<Set<string>> {
  const table = await readFile('/proc/net/tcp', 'latin1').catch(() => '')
  const found = new Set<string>()
  for (const line of table.split('\n')) {
    const [, local, , state] = line.trim().split(/\s+/)
    if (state !== '0A' || local === undefined) continue
    found.add(toText(Buffer.from(local.slice(0, 8), 'hex').readUInt32LE(0)))
  }
  return found
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}
