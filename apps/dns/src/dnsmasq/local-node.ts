import { type Answer, answerOf, questionPointer } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { rrClass, rrType } from '../wire/protocol.ts'
import { anyAnswer } from '../zones/address-node.ts'
import type { HostPlace } from './host-place.ts'

export interface LocalRecord {
  readonly type: number
  /** Seconds. */
  readonly ttl: number
  /** RDATA, an octet a character (latin1), names in it written out: a string shares what is the same and costs little. */
  readonly data: string
  /** Undefined: it is from no hosts file. */
  readonly place?: HostPlace | undefined
}

export interface Alias {
  readonly target: WireName
  /** Seconds. */
  readonly ttl: number
}

/** How many aliases are followed, one after the other. */
const longestChain = 16

/** What the configuration and the files that it names say of one name. Without records it has names below it, and exists. */
export class LocalNode {
  #records: readonly LocalRecord[] = noRecords
  #alias: Alias | undefined

  get alias(): Alias | undefined {
    return this.#alias
  }

  /** Where its records are from, as far as that is a hosts file; each once. */
  get places(): HostPlace[] {
    return [...new Set(this.#records.flatMap(({ place }) => place ?? []))]
  }

  has(type: number): boolean {
    return this.#records.some((record) => record.type === type)
  }

  recordsOf(type: number): readonly LocalRecord[] {
    return this.#records.filter((record) => record.type === type)
  }

  /** For who builds the table. No record is there twice (RFC 2181, section 5). */
  add(record: LocalRecord): void {
    const known = this.#records
    if (known.length === 0) this.#records = [record]
    else if (!known.some(({ type, data }) => type === record.type && data === record.data)) this.#records = [...known, record]
  }

  /** For who builds the table. An alias hides all records of its name. */
  setAlias(alias: Alias): void {
    this.#alias = alias
  }

  /**
   * Undefined: there is nothing of that type here. Not kept: whole replies are, of names that are asked for often.
   * @param follow gives what an alias leads to
   */
  answer(type: number, follow: Follow): Answer | undefined {
    if (this.#alias !== undefined) return type === rrType.ANY ? anyAnswer(this.#alias.ttl) : this.#encodeAlias(this.#alias, type, follow)
    const [first] = this.#records
    if (first === undefined) return undefined
    if (type === rrType.ANY) return anyAnswer(first.ttl)
    if (this.#records.length === 1) return first.type === type ? recordsAnswer(this.#records) : undefined
    const records = this.recordsOf(type)
    return records.length === 0 ? undefined : recordsAnswer(records)
  }

  #encodeAlias(first: Alias, type: number, follow: Follow): Answer {
    const parts = [encodeRecord(undefined, { type: rrType.CNAME, ttl: first.ttl, data: first.target })]
    let alias: Alias | undefined = type === rrType.CNAME ? undefined : first
    for (let length = 1; alias !== undefined && length < longestChain; length++) {
      const { target }: Alias = alias
      const found = follow(target, type)
      alias = found.alias
      if (alias !== undefined) parts.push(encodeRecord(target, { type: rrType.CNAME, ttl: alias.ttl, data: alias.target }))
      else for (const record of found.records) parts.push(encodeRecord(target, record))
    }
    return answerOf({ counts: [parts.length, 0, 0], records: Buffer.concat(parts) })
  }
}

/** What there is at the end of an alias: another one, or records of a type. */
export interface FollowedTo {
  readonly alias: Alias | undefined
  readonly records: readonly LocalRecord[]
}

export type Follow = (name: WireName, type: number) => FollowedTo

const noRecords: readonly LocalRecord[] = []

/** Records of the name that was asked for. */
export function recordsAnswer(records: readonly LocalRecord[]): Answer {
  const encoded = records.map((record) => encodeRecord(undefined, record))
  return answerOf({ counts: [records.length, 0, 0], records: encoded.length === 1 ? (encoded[0] as Buffer) : Buffer.concat(encoded) })
}

/** `owner` undefined: the name that was asked for. */
function encodeRecord(owner: WireName | undefined, { type, ttl, data }: LocalRecord): Buffer {
  const ownerLength = owner === undefined ? 2 : owner.length
  const record = Buffer.allocUnsafe(ownerLength + 10 + data.length)
  if (owner === undefined) record.writeUInt16BE(questionPointer, 0)
  else record.write(owner, 0, 'latin1')
  record.writeUInt16BE(type, ownerLength)
  record.writeUInt16BE(rrClass.IN, ownerLength + 2)
  record.writeUInt32BE(ttl, ownerLength + 4)
  record.writeUInt16BE(data.length, ownerLength + 8)
  record.write(data, ownerLength + 10, 'latin1')
  return record
}
