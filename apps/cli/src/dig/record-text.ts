import { readName } from './wire-name.ts'

/** RDATA of `message` from `start` to `end`, as master files have it (RFC 1035, section 5; RFC 3597, section 5 for what is not known). */
export function recordText(message: Buffer, type: number, start: number, end: number): string {
  const reader = readers[type]
  return reader === undefined ? unknown(message.subarray(start, end)) : reader(message, start, end)
}

type RecordReader = (message: Buffer, start: number, end: number) => string

const nameAt: RecordReader = (message, start) => readName(message, start).name

const readers: Readonly<Record<number, RecordReader>> = {
  1: (message, start, end) => [...message.subarray(start, end)].join('.'),
  2: nameAt,
  5: nameAt,
  6: soa,
  12: nameAt,
  13: strings,
  15: (message, start) => `${message.readUInt16BE(start)} ${readName(message, start + 2).name}`,
  16: strings,
  28: (message, start, end) => ipv6(message.subarray(start, end)),
  33: (message, start) => `${numbers(message, start, 3)} ${readName(message, start + 6).name}`,
  39: nameAt,
}

function soa(message: Buffer, start: number): string {
  const server = readName(message, start)
  const mailbox = readName(message, server.end)
  const times = [0, 4, 8, 12, 16].map((offset) => message.readUInt32BE(mailbox.end + offset))
  return [server.name, mailbox.name, ...times].join(' ')
}

function numbers(message: Buffer, start: number, count: number): string {
  return Array.from({ length: count }, (_, index) => message.readUInt16BE(start + index * 2)).join(' ')
}

function strings(message: Buffer, start: number, end: number): string {
  const texts: string[] = []
  for (let at = start; at < end; at += 1 + (message[at] as number)) {
    const text = message.subarray(at + 1, Math.min(end, at + 1 + (message[at] as number)))
    texts.push(`"${[...text].map(quoted).join('')}"`)
  }
  return texts.join(' ')
}

function quoted(octet: number): string {
  const character = String.fromCharCode(octet)
  if (character === '"' || character === '\\') return `\\${character}`
  return octet >= 0x20 && octet < 0x7f ? character : `\\${String(octet).padStart(3, '0')}`
}

/** RFC 5952, section 4: the longest run of zero groups is left out, the first of equal ones, but not a single group. */
function ipv6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16))
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === '0') end++
    if (end - start > longest.length) longest = { start, length: end - start }
  }
  if (longest.length < 2) return groups.join(':')
  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(longest.start + longest.length).join(':')}`
}

function unknown(octets: Buffer): string {
  return `\\# ${octets.length} ${octets.toString('hex')}`.trim()
}
