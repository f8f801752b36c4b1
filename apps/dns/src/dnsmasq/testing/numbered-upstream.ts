import { words } from '../../testing/messages.ts'
import { type ScriptedUpstream, scriptedUpstream } from '../../testing/scripted-upstream.ts'
import { rrType } from '../../wire/protocol.ts'

const https = 65

/**
 * An upstream that has every name, with records that show which one it is: `192.0.2.<number>`, `2001:db9::<number>`. How a
 * name begins says what else it may be: `nx`, `nodata`, `short` (5 s), `private` (10.0.0.0/8), `loop` (127.0.0.0/8), `bogus`
 * (198.51.100.7), `long` (a week).
 */
export function numberedUpstream(number: number): Promise<ScriptedUpstream> {
  return scriptedUpstream((query) => [reply(query, number)])
}

function reply(query: Buffer, number: number): Buffer {
  const end = query.indexOf(0, 12) + 5
  const type = query.readUInt16BE(end - 4)
  const beginning = /^[a-z]*/.exec(query.toString('latin1', 13, end).toLowerCase())?.[0] ?? ''
  const ttl = beginning === 'short' ? 5 : beginning === 'long' ? 604_800 : 300
  const address = addresses[beginning]?.(number) ?? [192, 0, 2, number]
  const data = beginning === 'nx' || beginning === 'nodata' ? undefined : dataOf(type, number, address)
  const answer = data === undefined ? Buffer.alloc(0) : Buffer.concat([words(0xc00c, type, 1, ttl >> 16, ttl & 0xffff, data.length), data])
  // The SOA of the question's name: 120 s, minimum 60 s.
  const soa = Buffer.concat([words(0xc00c, 6, 1, 0, 120, 24, 0xc00c, 0xc00c), words(0, 1, 0, 2, 0, 3, 0, 4, 0, 60)])
  const flags = beginning === 'nx' ? 0x8183 : 0x8180
  const header = Buffer.concat([query.subarray(0, 2), words(flags, 1, data === undefined ? 0 : 1, data === undefined ? 1 : 0, 0)])
  return Buffer.concat([header, query.subarray(12, end), data === undefined ? soa : answer])
}

const addresses: Readonly<Record<string, (number: number) => number[]>> = {
  private: (number) => [10, 0, 0, number],
  loop: (number) => [127, 0, 0, number],
  bogus: () => [198, 51, 100, 7],
}

function dataOf(type: number, number: number, address: number[]): Buffer | undefined {
  switch (type) {
    case rrType.A:
      return Buffer.from(address)
    case rrType.AAAA:
      return Buffer.from([0x20, 0x01, 0x0d, 0xb9, ...Array<number>(11).fill(0), number])
    case rrType.TXT:
      return Buffer.from(`\x02u${number}`, 'latin1')
    case rrType.PTR:
      return Buffer.from(`\x01u\x01${number}\0`, 'latin1')
    case rrType.MX:
      return Buffer.from(`\0\x05\x01u\x01${number}\0`, 'latin1')
    case rrType.SRV:
      return Buffer.from(`\0\x01\0\x02\0\x50\x01u\x01${number}\0`, 'latin1')
    case https:
      return Buffer.from([0, number, 0])
    default:
      return undefined
  }
}
