import { type Answer, answerOf, questionPointer } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { rrClass, rrType } from '../wire/protocol.ts'
import { anyAnswer } from '../zones/address-node.ts'

export interface LocalRecord {
  readonly type: number
  /** Seconds. */
  readonly ttl: number
  /** RDATA, an octet a character (latin1), names in it written out: a string shares what is the same and costs little. */
  readonly data: string
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
  #addresses: Answer | undefined
  #others: Map<number, Answer> | undefined

  get alias(): Alias | undefined {
    return this.#alias
  }

  has(type: number): boolean {
    return this.#records.some((record) => record.type === type)
  }

  recordsOf(type: number): readonly LocalRecord[] {
    return this.#records.filter((record) => record.type === type)
  }

  /** For who builds the table. No record is there twice (RFC 2181, section 5). */
  add(record: LocalRecord): void {
    if (this.#records.some(({ type, data }) => type === record.type && data === record.data)) return
    this.#records = [...this.#records, record]
  }

  /** For who builds the table. An alias hides all records of its name. */
  setAlias(alias: Alias): void {
    this.#alias = alias
  }

  /**
   * Undefined: there is nothing of that type here. Encoded when it is asked for first, and kept.
   * @param follow gives what an alias leads to
   */
  answer(type: number, follow: Follow): Answer | undefined {
    if (type === rrType.A) {
      this.#addresses ??= this.#encode(type, follow)
      return this.#addresses
    }
    let answer = this.#others?.get(type)
    if (answer === undefined) {
      answer = this.#encode(type, follow)
      if (answer === undefined) return undefined
      this.#others ??= new Map()
      this.#others.set(type, answer)
    }
    return answer
  }

  #encode(type: number, follow: Follow): Answer | undefined {
    const isEmpty = this.#alias === undefined && this.#records.length === 0
    if (isEmpty) return undefined
    if (type === rrType.ANY) return anyAnswer(this.#alias?.ttl ?? (this.#records[0] as LocalRecord).ttl)
    const records = this.recordsOf(type)
    if (this.#alias === undefined) return records.length === 0 ? undefined : recordsAnswer(records)
    return this.#encodeAlias(this.#alias, type, follow)
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
  return answerOf({
    counts: [records.length, 0, 0],
    records: Buffer.concat(records.map((record) => encodeRecord(undefined, record))),
  })
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
