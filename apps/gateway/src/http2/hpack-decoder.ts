import { staticTable } from './hpack-static-table.ts'
import { decodeHuffman } from './huffman.ts'

/** What an entry counts for beside its name and value (RFC 7541, section 4.1). */
const entryOverhead = 32
/** SETTINGS_HEADER_TABLE_SIZE as it is where nobody says otherwise, bytes. */
const tableSize = 4_096
const staticCount = staticTable.length / 2
/** No index, length or size of ours has more bits. */
const integerLimit = 1 << 24

/** Fields in their order, up to a limit: what is beyond it is counted, not kept. */
export class HeaderList {
  /** Names and values in turn. */
  readonly fields: string[] = []
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, section 6.5.2). */
  size = 0
  readonly #maxSize: number
  readonly #maxCount: number

  constructor(maxSize: number, maxFields: number) {
    this.#maxSize = maxSize
    this.#maxCount = maxFields * 2
  }

  get isTooLarge(): boolean {
    return this.size > this.#maxSize || this.fields.length > this.#maxCount
  }

  add(name: string, value: string): void {
    this.size += name.length + value.length + entryOverhead
    if (!this.isTooLarge) this.fields.push(name, value)
  }
}

/** The receiving side of header compression on one connection (RFC 7541). Text is latin1. */
export class HpackDecoder {
  /** Names and values in turn, the oldest first; what is before `#first` has been evicted. */
  #entries: string[] = []
  #first = 0
  #size = 0
  #maxSize = tableSize
  #block: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0

  /** Reads a whole block. @returns false: it is malformed, and so is whatever would follow (RFC 9113, section 4.3) */
  decode(block: Buffer, start: number, end: number, list: HeaderList): boolean {
    this.#block = block
    this.#at = start
    this.#end = end
    let mayResize = true
    while (this.#at < end) {
      const byte = block[this.#at] as number
      if (byte >= 0x80) {
        if (!this.#indexed(list)) return false
      } else if (byte >= 0x20 && byte < 0x40) {
        const size = this.#integer(0x1f)
        if (!mayResize || size === -1 || size > tableSize) return false
        this.#maxSize = size
        this.#evict(0)
        continue
      } else if (!this.#literal(byte, list)) {
        return false
      }
      mayResize = false
    }
    return true
  }

  #indexed(list: HeaderList): boolean {
    const index = this.#integer(0x7f)
    const at = this.#find(index)
    if (at === -1) return false
    const entries = index <= staticCount ? staticTable : this.#entries
    list.add(entries[at] as string, entries[at + 1] as string)
    return true
  }

  #literal(first: number, list: HeaderList): boolean {
    const isKept = first >= 0x40
    const index = this.#integer(isKept ? 0x3f : 0x0f)
    let name: string | null
    if (index === 0) {
      name = this.#string()
    } else {
      const at = this.#find(index)
      if (at === -1) return false
      name = (index <= staticCount ? staticTable : this.#entries)[at] as string
    }
    if (name === null) return false
    const value = this.#string()
    if (value === null) return false
    list.add(name, value)
    if (isKept) this.#keep(name, value)
    return true
  }

  /** Where an entry is in its table; -1: there is none. */
  #find(index: number): number {
    if (index < 1) return -1
    if (index <= staticCount) return (index - 1) * 2
    const at = this.#entries.length - (index - staticCount) * 2
    return at < this.#first ? -1 : at
  }

  #keep(name: string, value: string): void {
    const size = name.length + value.length + entryOverhead
    this.#evict(size)
    // RFC 7541, section 4.4: one that is larger than the table empties it.
    if (size > this.#maxSize) return
    this.#entries.push(name, value)
    this.#size += size
  }

  /** Makes room for so many bytes. */
  #evict(needed: number): void {
    const entries = this.#entries
    while (this.#size + needed > this.#maxSize && this.#first < entries.length) {
      this.#size -= (entries[this.#first] as string).length + (entries[this.#first + 1] as string).length + entryOverhead
      this.#first += 2
    }
    // Each is moved once at most on average.
    if (this.#first > 64 && this.#first * 2 > entries.length) {
      this.#entries = entries.slice(this.#first)
      this.#first = 0
    }
  }

  /** RFC 7541, section 5.1. -1: it is cut off, or larger than anything that makes sense. */
  #integer(mask: number): number {
    if (this.#at >= this.#end) return -1
    let value = (this.#block[this.#at++] as number) & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 21 && this.#at < this.#end; shift += 7) {
      const byte = this.#block[this.#at++] as number
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value < integerLimit ? value : -1
    }
    return -1
  }

  /** RFC 7541, section 5.2. */
  #string(): string | null {
    const isHuffman = this.#at < this.#end && (this.#block[this.#at] as number) >= 0x80
    const length = this.#integer(0x7f)
    const start = this.#at
    const end = start + length
    if (length === -1 || end > this.#end) return null
    this.#at = end
    return isHuffman ? decodeHuffman(this.#block, start, end) : this.#block.toString('latin1', start, end)
  }
}
