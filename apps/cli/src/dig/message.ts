import { randomInt } from 'node:crypto'
import { StandinError } from '@standin/client/errors'
import { recordText } from './record-text.ts'
import { typeName } from './record-types.ts'
import { readName, writeName } from './wire-name.ts'

/** By which a resolver of ours tells an asker on its own machine which rule answered; apps/dns/src/observe/rule-option.ts says why. */
const ruleOption = 65_053
/** RFC 8914, section 2. */
const extendedErrorOption = 15
const optType = 41
/** Octets that are taken over UDP: RFC 9715, section 3. */
const udpSize = 1232
const headerSize = 12
const statuses = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

export interface Query {
  readonly id: number
  readonly message: Buffer
}

export interface DigRecord {
  readonly name: string
  /** Seconds. */
  readonly ttl: number
  readonly type: string
  readonly data: string
}

/** Which rule of the resolver gave the answer. */
export interface ToldRule {
  readonly rule: string
  readonly detail?: string
  /** How long it took the resolver itself. */
  readonly ms: number
}

export interface Reply {
  readonly status: string
  /** `aa`, `tc`, `rd`, `ra`, `ad`. */
  readonly flags: readonly string[]
  readonly answers: readonly DigRecord[]
  readonly authorities: readonly DigRecord[]
  readonly additionals: readonly DigRecord[]
  /** RFC 8914. */
  readonly extendedErrors: readonly { readonly code: number; readonly text: string }[]
  /** Null: the server did not say. */
  readonly rule: ToldRule | null
}

/** @throws StandinError `invalid` for what is no name */
export function encodeQuery(name: string, type: number): Query {
  const id = randomInt(0x1_0000)
  const question = writeName(name)
  if (question === undefined) {
    throw new StandinError('invalid', `'${name}' is not a name.`, { hint: 'Labels between dots have 1 to 63 octets, a name 255 at most.' })
  }
  const header = Buffer.alloc(headerSize)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(1, 10)
  // RFC 6891, section 6.1.2; the option stands last.
  const opt = Buffer.from([0, 0, optType, udpSize >> 8, udpSize & 0xff, 0, 0, 0, 0, 0, 4, ruleOption >> 8, ruleOption & 0xff, 0, 0])
  return { id, message: Buffer.concat([header, question, Buffer.from([type >> 8, type & 0xff, 0, 1]), opt]) }
}

/** Whether it is the reply to that query. */
export function isReplyTo({ id, message }: Query, reply: Buffer): boolean {
  if (reply.length < headerSize || reply.readUInt16BE(0) !== id || ((reply[2] as number) & 0x80) === 0) return false
  const question = message.subarray(headerSize, message.indexOf(0, headerSize) + 5)
  // One that could not read the question may leave it out.
  return reply.readUInt16BE(4) === 0 || reply.subarray(headerSize, headerSize + question.length).equals(question)
}

export function isTruncated(reply: Buffer): boolean {
  return ((reply[2] as number) & 0x02) !== 0
}

/** @throws RangeError where it is cut off, or makes no sense */
export function decodeReply(reply: Buffer): Reply {
  const reader = new Reader(reply)
  for (let questions = reply.readUInt16BE(4); questions > 0; questions--) reader.skipQuestion()
  const answers = reader.records(reply.readUInt16BE(6))
  const authorities = reader.records(reply.readUInt16BE(8))
  const additionals = reader.records(reply.readUInt16BE(10))
  const rcode = ((reply[3] as number) & 0x0f) | reader.upperRcode
  const status = rcode === 16 ? 'BADVERS' : (statuses[rcode] ?? `error ${rcode}`)
  return { status, flags: flagsOf(reply), answers, authorities, additionals, extendedErrors: reader.extendedErrors, rule: reader.rule }
}

function flagsOf(reply: Buffer): string[] {
  const bits = reply.readUInt16BE(2)
  const all = { aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, ad: 0x0020, cd: 0x0010 }
  return Object.entries(all).flatMap(([flag, bit]) => ((bits & bit) === 0 ? [] : [flag]))
}

class Reader {
  readonly extendedErrors: { code: number; text: string }[] = []
  rule: ToldRule | null = null
  upperRcode = 0
  readonly #message: Buffer
  #at = headerSize

  constructor(message: Buffer) {
    this.#message = message
  }

  skipQuestion(): void {
    this.#at = readName(this.#message, this.#at).end + 4
  }

  records(count: number): DigRecord[] {
    const records: DigRecord[] = []
    for (let index = 0; index < count; index++) {
      const message = this.#message
      const { name, end } = readName(message, this.#at)
      const type = message.readUInt16BE(end)
      const ttl = message.readUInt32BE(end + 4)
      const start = end + 10
      this.#at = start + message.readUInt16BE(end + 8)
      if (this.#at > message.length) throw new RangeError('a record is cut off')
      if (type === optType) this.#takeOptions(start, this.#at, ttl)
      else records.push({ name, ttl, type: typeName(type), data: recordText(message, type, start, this.#at) })
    }
    return records
  }

  #takeOptions(start: number, end: number, ttl: number): void {
    this.upperRcode = (ttl >>> 24) << 4
    for (let at = start; at + 4 <= end; ) {
      const code = this.#message.readUInt16BE(at)
      const data = this.#message.subarray(at + 4, Math.min(end, at + 4 + this.#message.readUInt16BE(at + 2)))
      at += 4 + this.#message.readUInt16BE(at + 2)
      if (code === ruleOption) this.rule = readRule(data)
      if (code === extendedErrorOption && data.length >= 2) {
        this.extendedErrors.push({ code: data.readUInt16BE(0), text: data.toString('utf8', 2) })
      }
    }
  }
}

/** Null: it is something else that has the same number. */
function readRule(data: Buffer): ToldRule | null {
  try {
    const told = JSON.parse(data.toString('utf8')) as ToldRule
    return typeof told?.rule === 'string' && typeof told.ms === 'number' ? told : null
  } catch {
    return null
  }
}
