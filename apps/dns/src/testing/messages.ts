import dns2 from 'dns2'
import { nameBytes, wireName } from '../wire/name.ts'
import { lowFlag, rcode, rrClass, rrType } from '../wire/protocol.ts'

/** What a test asks; every field can be bent. */
export interface Ask {
  readonly id?: number
  /** Text, or the octets of a whole name. */
  readonly name: string | Buffer
  readonly type?: number
  readonly class?: number
  /** Second pair of octets of the header; default: RD. */
  readonly flags?: number
  readonly questions?: number
  readonly edns?: { readonly udpSize?: number; readonly version?: number; readonly dnssecOk?: boolean; readonly options?: Buffer }
}

/** A query as octets. Names keep their case. */
export function queryMessage(ask: Ask): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(ask.id ?? 0x1234, 0)
  header.writeUInt16BE(ask.flags ?? 0x0100, 2)
  header.writeUInt16BE(ask.questions ?? 1, 4)
  header.writeUInt16BE(ask.edns === undefined ? 0 : 1, 10)
  const name = typeof ask.name === 'string' ? encodeName(ask.name) : ask.name
  return Buffer.concat([
    header,
    name,
    words(ask.type ?? rrType.A, ask.class ?? rrClass.IN),
    ...(ask.edns === undefined ? [] : [opt(ask.edns)]),
  ])
}

export function opt(edns: NonNullable<Ask['edns']>): Buffer {
  const options = edns.options ?? Buffer.alloc(0)
  return Buffer.concat([
    Buffer.from([0]),
    words(rrType.OPT, edns.udpSize ?? 1232),
    Buffer.from([0, edns.version ?? 0, edns.dnssecOk === true ? 0x80 : 0, 0]),
    words(options.length),
    options,
  ])
}

/** As written, upper case too. */
export function encodeName(text: string): Buffer {
  const bytes = nameBytes(wireName(text) ?? '\0')
  const plain = Buffer.from(text, 'latin1')
  for (let at = 0; at < plain.length; at++) if (plain[at] !== 0x2e) bytes[at + 1] = plain[at] as number
  return bytes
}

export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}

/** A reply as dns2 reads it: another codec than the one that wrote it. */
export function read(reply: Buffer) {
  const packet = dns2.Packet.parse(reply)
  if (packet.errors.length > 0) throw packet.errors[0]
  const names = Object.fromEntries(Object.entries(rcode).map(([name, code]) => [code, name]))
  const opts = packet.additionals.filter((record) => record.type === rrType.OPT)
  return {
    id: packet.header.id,
    rcode: names[packet.header.rcode] ?? String(packet.header.rcode),
    aa: packet.header.aa === 1,
    tc: packet.header.tc === 1,
    rd: packet.header.rd === 1,
    ra: packet.header.ra === 1,
    ad: ((reply[3] as number) & lowFlag.AD) !== 0,
    cd: ((reply[3] as number) & lowFlag.CD) !== 0,
    opcode: packet.header.opcode,
    questions: packet.questions,
    answers: packet.answers,
    authorities: packet.authorities,
    additionals: packet.additionals.filter((record) => record.type !== rrType.OPT),
    opts,
  }
}
export type Reply = ReturnType<typeof read>
