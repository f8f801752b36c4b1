import { rrType } from '../wire/protocol.ts'
import { encodeName, opt, queryMessage } from './messages.ts'
import { domain } from './tables.ts'

const names = [
  `www-1001.${domain}`,
  `web.1001.${domain}`,
  `WEB-2.1001.${domain}`,
  `db.1002.${domain}`,
  `queue.internal.1001.${domain}`,
  `internal.1001.${domain}`,
  `nope.${domain}`,
  domain,
  `crowd.1003.${domain}`,
  'localhost',
  'example.com',
  '1.1.64.127.in-addr.arpa',
  '127.in-addr.arpa',
  '.',
]
const types = [
  rrType.A,
  rrType.AAAA,
  rrType.PTR,
  rrType.SOA,
  rrType.NS,
  rrType.TXT,
  rrType.SRV,
  rrType.ANY,
  rrType.AXFR,
  rrType.OPT,
  65_280,
]
const ednsOf = [
  undefined,
  {},
  { udpSize: 0 },
  { udpSize: 512, dnssecOk: true },
  { udpSize: 65_535 },
  { version: 1 },
  { options: Buffer.from([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]) },
]

/** Packets as an attacker or a broken program sends them: queries that are whole, bent, cut, lengthened, glued, or octets at random. */
export class MutatedPackets {
  #state: number

  /** The same seed makes the same packets. */
  constructor(seed: number) {
    this.#state = seed === 0 ? 1 : seed
  }

  next(): Buffer {
    const packet = this.#query()
    switch (this.below(8)) {
      case 0:
      case 1:
        return packet
      case 2:
        return this.#bent(packet)
      case 3:
        return packet.subarray(0, this.below(packet.length + 1))
      case 4:
        return Buffer.concat([packet, this.#octets(this.below(40))])
      case 5:
        return this.#bent(Buffer.concat([packet.subarray(0, this.below(packet.length)), this.#query().subarray(this.below(30))]))
      case 6:
        return this.#withCounts(Buffer.concat([packet, opt({})]))
      default:
        return this.below(4) === 0 ? this.#octets(this.below(this.below(30) === 0 ? 4000 : 80)) : this.#bent(this.#bent(packet))
    }
  }

  /** Of 0 to `limit` - 1: xorshift, which is quick and good enough here. */
  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 0) % limit
  }

  #query(): Buffer {
    const edns = this.#oneOf(ednsOf)
    const name = this.#oneOf(names)
    return queryMessage({
      id: this.below(0x10000),
      name: name === '.' ? Buffer.from([0]) : this.#mixed(encodeName(name)),
      type: this.#oneOf(types),
      class: this.below(10) === 0 ? this.below(300) : 1,
      flags: this.below(3) === 0 ? this.below(0x10000) : 0x0100,
      ...(edns && { edns }),
    })
  }

  /** Letters in any case; lengths are below the letters. */
  #mixed(name: Buffer): Buffer {
    for (let at = 0; at < name.length; at++) {
      const octet = name[at] as number
      if (octet >= 0x61 && octet <= 0x7a && this.below(4) === 0) name[at] = octet - 0x20
    }
    return name
  }

  #bent(packet: Buffer): Buffer {
    for (let change = this.below(4); change >= 0 && packet.length > 0; change--) {
      const at = this.below(packet.length)
      packet[at] = this.below(2) === 0 ? this.below(256) : (packet[at] as number) ^ (1 << this.below(8))
    }
    return packet
  }

  #withCounts(packet: Buffer): Buffer {
    for (let at = 5; at < 12; at += 2) packet[at] = this.below(4)
    return packet
  }

  #octets(length: number): Buffer {
    const octets = Buffer.alloc(length)
    for (let at = 0; at < length; at++) octets[at] = this.below(256)
    return octets
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}
