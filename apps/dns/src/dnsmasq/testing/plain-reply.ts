/** A reply as text, read by a decoder that shares nothing with the code under test. */
export interface PlainReply {
  readonly rcode: number
  readonly authoritative: boolean
  /** `name TTL type data` each, sorted: the order of records means nothing (RFC 2181, section 5). */
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly additionals: readonly string[]
}

const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  257: 'CAA',
}

export function plainReply(message: Buffer): PlainReply {
  let at = 12
  const name = (): string => {
    const read = nameAt(message, at)
    at = read.next
    return read.text
  }
  name()
  at += 4
  const section = (count: number): string[] =>
    Array.from({ length: count }, () => {
      const owner = name()
      const type = message.readUInt16BE(at)
      const ttl = message.readUInt32BE(at + 4)
      const start = at + 10
      at = start + message.readUInt16BE(at + 8)
      return type === 41 ? '' : `${owner} ${ttl} ${types[type] ?? type} ${data(message, type, start, at)}`
    })
      .filter((line) => line !== '')
      .sort()
  return {
    rcode: message.readUInt8(3) & 15,
    authoritative: (message.readUInt8(2) & 4) !== 0,
    answers: section(message.readUInt16BE(6)),
    authorities: section(message.readUInt16BE(8)),
    additionals: section(message.readUInt16BE(10)),
  }
}

function data(message: Buffer, type: number, start: number, end: number): string {
  const octets = message.subarray(start, end)
  switch (types[type]) {
    case 'A':
      return octets.join('.')
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return nameAt(message, start).text
    case 'MX':
      return `${octets.readUInt16BE(0)} ${nameAt(message, start + 2).text}`
    case 'SRV':
      return `${octets.readUInt16BE(0)} ${octets.readUInt16BE(2)} ${octets.readUInt16BE(4)} ${nameAt(message, start + 6).text}`
    default:
      return octets.toString('hex')
  }
}

function nameAt(message: Buffer, start: number): { readonly text: string; readonly next: number } {
  const labels: string[] = []
  let next = -1
  for (let at = start, steps = 0; steps < 128; steps++) {
    const length = message.readUInt8(at)
    if (length >= 0xc0) {
      if (next < 0) next = at + 2
      at = message.readUInt16BE(at) & 0x3fff
    } else if (length === 0) {
      return { text: `${labels.join('.')}.`, next: next < 0 ? at + 1 : next }
    } else {
      labels.push(message.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
  }
  throw new Error('a name that never ends')
}
