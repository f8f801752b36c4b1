import dns2 from 'dns2'
import { questionPointer } from './answer.ts'
import { rrClass, type rrType } from './protocol.ts'

/** Records of one type at the question's name, `data` being one record's RDATA each. `ttl` in seconds. */
export function recordSet(type: number, ttl: number, data: readonly Buffer[]): Buffer {
  const records = Buffer.alloc(data.reduce((length, rdata) => length + 12 + rdata.length, 0))
  let at = 0
  for (const rdata of data) {
    records.writeUInt16BE(questionPointer, at)
    records.writeUInt16BE(type, at + 2)
    records.writeUInt16BE(rrClass.IN, at + 4)
    records.writeUInt32BE(ttl, at + 6)
    records.writeUInt16BE(rdata.length, at + 10)
    rdata.copy(records, at + 12)
    at += 12 + rdata.length
  }
  return records
}

/** Fields of RFC 1035, section 3.3.13; names in text, times in seconds. */
export interface Soa {
  readonly primary: string
  readonly admin: string
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expiration: number
  /** How long a negative answer may be kept: RFC 2308, section 4. */
  readonly minimum: number
}

/**
 * One record of a rare type, its owner's name written out. dns2 encodes it: slow, and a dot always separates labels there,
 * which is right for names out of our own tables and for nothing else (docs/decisions/dns-codec.md).
 */
export function rareRecord(owner: string, type: (typeof rrType)['SOA'], ttl: number, data: Soa): Buffer
export function rareRecord(owner: string, type: (typeof rrType)['NS'], ttl: number, data: { readonly ns: string }): Buffer
export function rareRecord(owner: string, type: number, ttl: number, data: object): Buffer {
  return dns2.Packet.Resource.encode(new dns2.Packet.Resource({ name: owner, type, class: rrClass.IN, ttl, ...data }))
}
