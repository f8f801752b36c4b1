/** Octets: struct mmsghdr, struct iovec, and a struct sockaddr_in6, the longest address there is here, aligned. */
const headerSize = 64
const iovecSize = 16
const nameRoom = 32
/** From one datagram to the next a line of the cache more than it may have, or the beginnings of all would drive each other out of it. */
const apart = 64

/**
 * Where recvmmsg and sendmmsg find and leave datagrams: headers, addresses and octets of a fixed number of them, laid out once
 * in one block of memory that never moves. Linux on 64 bits, little endian.
 *
 * | header, at | field | |
 * |---|---|---|
 * | 0 | msg_name | the datagram's address, 32 octets of room |
 * | 8 | msg_namelen | |
 * | 16 | msg_iov | one iovec: where the octets are, and how many |
 * | 24 | msg_iovlen | 1 |
 * | 48 | msg_flags | |
 * | 56 | msg_len | how many octets came |
 */
export class MessageVector {
  readonly octets: Buffer
  readonly #address: bigint
  readonly #words: Uint32Array
  readonly #iovecs: number
  readonly #names: number
  readonly #data: number
  readonly #size: number
  /** Octets from one datagram to the next. */
  readonly #stride: number

  /** `count` datagrams of up to `size` octets, a multiple of 8. */
  constructor(count: number, size: number, addressOf: (memory: ArrayBuffer) => bigint) {
    this.#stride = size + apart
    const memory = new ArrayBuffer(count * (headerSize + iovecSize + nameRoom + this.#stride))
    this.octets = Buffer.from(memory)
    this.#words = new Uint32Array(memory)
    this.#address = addressOf(memory)
    this.#size = size
    this.#iovecs = count * headerSize
    this.#names = this.#iovecs + count * iovecSize
    this.#data = this.#names + count * nameRoom
    const pointers = new BigUint64Array(memory)
    for (let index = 0; index < count; index++) {
      const header = (index * headerSize) / 8
      const iovec = (this.#iovecs + index * iovecSize) / 8
      pointers[header] = this.#address + BigInt(this.nameAt(index))
      pointers[header + 2] = this.#address + BigInt(iovec * 8)
      pointers[header + 3] = 1n
      pointers[iovec] = this.#address + BigInt(this.dataAt(index))
      pointers[iovec + 1] = BigInt(size)
    }
  }

  /** For the system, from the datagram `index` on. */
  addressFrom(index: number): bigint {
    return this.#address + BigInt(index * headerSize)
  }

  /** Offset in `octets` of the address (struct sockaddr) of a datagram. */
  nameAt(index: number): number {
    return this.#names + index * nameRoom
  }

  /** Offset in `octets` of a datagram. */
  dataAt(index: number): number {
    return this.#data + index * this.#stride
  }

  nameLength(index: number): number {
    return this.#words[(index * headerSize + 8) >> 2] as number
  }

  setNameLength(index: number, length: number): void {
    this.#words[(index * headerSize + 8) >> 2] = length
  }

  /** How many octets of a datagram came; never more than there is room for. */
  receivedLength(index: number): number {
    return Math.min(this.#words[(index * headerSize + 56) >> 2] as number, this.#size)
  }

  /** Says that a datagram has been put there otherwise. */
  setReceived(index: number, length: number): void {
    this.#words[(index * headerSize + 56) >> 2] = length
    this.#words[(index * headerSize + 48) >> 2] = 0
  }

  /** MSG_TRUNC: there was more of it than there is room for. */
  isCut(index: number): boolean {
    return ((this.#words[(index * headerSize + 48) >> 2] as number) & 0x20) !== 0
  }

  /** How many octets of a datagram are to be sent. */
  setLength(index: number, length: number): void {
    this.#words[(this.#iovecs + index * iovecSize + 8) >> 2] = Math.min(length, this.#size)
  }

  /** Takes the address of a datagram of another vector. */
  copyName(index: number, from: MessageVector, fromIndex: number): void {
    const to = this.nameAt(index) >> 2
    const at = from.nameAt(fromIndex) >> 2
    for (let word = 0; word < nameRoom / 4; word++) this.#words[to + word] = from.#words[at + word] as number
    this.setNameLength(index, from.nameLength(fromIndex))
  }
}
