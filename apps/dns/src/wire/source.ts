import { addressBytes } from './address.ts'

/**
 * Who sent a message: the address as four 32-bit words, an IPv4 one mapped (`::ffff:192.0.2.1`; RFC 4291, section 2.5.5.2),
 * so that one comparison does for both families. Words are signed. Listeners fill one object again and again; who needs it for longer copies it.
 */
export class Source {
  word0 = 0
  word1 = 0
  word2 = 0
  word3 = 0
  port = 0

  /** Takes a numeric address; one that is none becomes `::`. A zone index (`fe80::1%eth0`) is left out. */
  set(address: string, port: number): this {
    const zone = address.indexOf('%')
    const bytes = addressBytes(zone < 0 ? address : address.slice(0, zone))
    if (bytes === undefined) this.#words(0, 0, 0, 0)
    else if (bytes.length === 4) this.setIPv4(bytes.readInt32BE(0), port)
    else this.#words(bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12))
    this.port = port
    return this
  }

  setIPv4(word: number, port: number): void {
    this.#words(0, 0, mapped, word)
    this.port = port
  }

  /** `octets`: the 16 of an IPv6 address begin at `at`. */
  setIPv6(octets: Buffer, at: number, port: number): void {
    this.#words(octets.readUInt32BE(at), octets.readUInt32BE(at + 4), octets.readUInt32BE(at + 8), octets.readUInt32BE(at + 12))
    this.port = port
  }

  copy(): Source {
    const copy = new Source()
    copy.#words(this.word0, this.word1, this.word2, this.word3)
    copy.port = this.port
    return copy
  }

  get isIPv4(): boolean {
    return this.word0 === 0 && this.word1 === 0 && this.word2 === mapped
  }

  get isLoopback(): boolean {
    if (this.word0 !== 0 || this.word1 !== 0) return false
    return this.word2 === mapped ? this.word3 >>> 24 === 127 : this.word2 === 0 && this.word3 === 1
  }

  #words(word0: number, word1: number, word2: number, word3: number): void {
    this.word0 = word0 | 0
    this.word1 = word1 | 0
    this.word2 = word2 | 0
    this.word3 = word3 | 0
  }
}

const mapped = 0xffff

/** RFC 4291, section 2.2; nothing is left out in an IPv6 address but the zeros in front of a group. */
export function addressText(source: Source): string {
  const { word0, word1, word2, word3 } = source
  if (source.isIPv4) return `${word3 >>> 24}.${(word3 >>> 16) & 255}.${(word3 >>> 8) & 255}.${word3 & 255}`
  return [word0, word1, word2, word3].map((word) => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`).join(':')
}
