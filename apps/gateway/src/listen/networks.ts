import { BlockList } from 'node:net'

/** A list of networks, to ask whether an address is in one of them. */
export class Networks {
  readonly #blocks = new BlockList()
  readonly isEmpty: boolean

  /** @param networks `10.0.0.0/8`, `::1`; checked already */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0
    for (const network of networks) {
      const [address = '', bits] = network.split('/')
      const family = address.includes(':') ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#blocks.addAddress(address, family)
      else this.#blocks.addSubnet(address, Number(bits), family)
    }
  }

  /** @param address plain: no brackets, no zone, an IPv4 address in its own form */
  has(address: string): boolean {
    if (this.isEmpty) return false
    return this.#blocks.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  }
}
