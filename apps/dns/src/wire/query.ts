import { lowerCaseOctet, type WireName } from './name.ts'
import { highFlag, lowFlag, opcode, rrType, size } from './protocol.ts'
import { recordAt } from './records.ts'
import type { Source } from './source.ts'

/** What the OPT record of a query says (RFC 6891, section 6.1.3). */
export interface Edns {
  /** Octets that the asker can take over UDP. */
  readonly udpSize: number
  readonly version: number
  readonly dnssecOk: boolean
}

/** `runt`: not even a header. `malformed`: a header, but no question that could be answered. */
export type QueryFault = 'none' | 'runt' | 'malformed'

const scratch = Buffer.alloc(size.name)
const noLabels: readonly number[] = []

/**
 * A message as it came, parsed as far as answering it needs: the header, one question, the OPT record. Parsing never
 * throws; what is wrong is in `fault`.
 */
export class Query {
  readonly message: Buffer
  readonly fault: QueryFault
  /** In lower case; the question as it was asked is in `message`, from octet 12 to `questionEnd`. */
  readonly name: WireName
  /** Offsets of the labels in `name`. */
  readonly labels: readonly number[]
  readonly type: number
  readonly class: number
  /** Octet after the question; 12 where there is none to echo. */
  readonly questionEnd: number
  readonly edns: Edns | undefined
  readonly source: Source
  /** The most octets that the answer may have. */
  readonly limit: number

  /** `overTcp`: then only the two octets of the length limit the answer. */
  constructor(message: Buffer, source: Source, overTcp: boolean) {
    this.message = message
    this.source = source
    let fault: QueryFault = 'none'
    let end: number = size.header
    let type = 0
    let klass = 0
    let name = ''
    let labels = noLabels
    let edns: Edns | undefined
    if (message.length < size.header) fault = 'runt'
    // RFC 9619, section 4: a query has one question.
    else if (message[4] !== 0 || message[5] !== 1) fault = 'malformed'
    else {
      const found: number[] = []
      const nameEnd = readQuestionName(message, found)
      if (nameEnd < 0 || nameEnd + 4 > message.length) fault = 'malformed'
      else {
        labels = found
        name = scratch.toString('latin1', 0, nameEnd - size.header)
        type = message.readUInt16BE(nameEnd)
        klass = message.readUInt16BE(nameEnd + 2)
        end = nameEnd + 4
        const rest = readRest(message, end)
        if (rest === 'malformed') fault = rest
        else edns = rest
      }
    }
    this.fault = fault
    this.questionEnd = end
    this.name = name
    this.labels = labels
    this.type = type
    this.class = klass
    this.edns = edns
    if (overTcp) this.limit = size.tcp
    // RFC 6891, section 6.2.3: below 512 is to be read as 512.
    else this.limit = edns === undefined ? size.plainUdp : Math.min(Math.max(edns.udpSize, size.plainUdp), size.ednsUdp)
  }

  get isResponse(): boolean {
    return ((this.message[2] as number) & highFlag.QR) !== 0
  }

  get opcode(): number {
    return ((this.message[2] as number) & highFlag.OPCODE) >> 3
  }

  get recursionDesired(): boolean {
    return ((this.message[2] as number) & highFlag.RD) !== 0
  }

  get checkingDisabled(): boolean {
    return ((this.message[3] as number) & lowFlag.CD) !== 0
  }

  get isPlainQuery(): boolean {
    return this.opcode === opcode.QUERY
  }
}

/**
 * Writes the question's name, in lower case, into `scratch` and the offsets of its labels into `labels`. Gives the offset
 * after it, -1 where it is no name. A compression pointer has nothing to point to but the header, so it is refused.
 */
function readQuestionName(message: Buffer, labels: number[]): number {
  let at: number = size.header
  for (;;) {
    if (at >= message.length) return -1
    const length = message[at] as number
    const offset = at - size.header
    scratch[offset] = length
    if (length === 0) return at + 1
    // The root's octet has to fit in after this label.
    if (length > size.label || offset + length + 2 > size.name || at + length >= message.length) return -1
    labels.push(offset)
    const labelEnd = at + length
    while (at < labelEnd) {
      at++
      scratch[at - size.header] = lowerCaseOctet[message[at] as number] as number
    }
    at++
  }
}

/** Walks over all that follows the question, to its last octet, for the OPT record. */
function readRest(message: Buffer, start: number): Edns | undefined | 'malformed' {
  const answers = message.readUInt16BE(6)
  const authorities = message.readUInt16BE(8)
  const additionals = message.readUInt16BE(10)
  const count = answers + authorities + additionals
  let edns: Edns | undefined
  let at = start
  for (let index = 0; index < count; index++) {
    const record = recordAt(message, at)
    if (record === undefined) return 'malformed'
    if (record.type === rrType.OPT) {
      // RFC 6891, section 6.1.1: at most one, in the additional section; its owner is the root.
      if (edns !== undefined || index < answers + authorities || record.fixed !== at + 1) return 'malformed'
      edns = {
        udpSize: message.readUInt16BE(record.fixed + 2),
        version: message[record.fixed + 5] as number,
        dnssecOk: ((message[record.fixed + 6] as number) & 0x80) !== 0,
      }
    }
    at = record.end
  }
  return at === message.length ? edns : 'malformed'
}
