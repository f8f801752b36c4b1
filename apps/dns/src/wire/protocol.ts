/** Numbers of the protocol that we use, from the IANA registry "Domain Name System (DNS) Parameters". */

/** RFC 1035, section 3.2.2 and its successors. */
export const rrType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
} as const

export const rrClass = { IN: 1, CH: 3, ANY: 255 } as const

export const opcode = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const

/** RFC 1035, section 4.1.1; BADVERS: RFC 6891, section 9. Codes above 15 need an OPT record. */
export const rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const

const rcodeNames = new Map<number, string>(Object.entries(rcode).map(([name, code]) => [code, name]))

/** `SERVFAIL`; the number of one that has no name here. */
export function rcodeName(code: number): string {
  return rcodeNames.get(code) ?? String(code)
}

/** Bits of the third (high) and fourth (low) octet of a header. */
export const highFlag = { QR: 0x80, OPCODE: 0x78, AA: 0x04, TC: 0x02, RD: 0x01 } as const
export const lowFlag = { RA: 0x80, AD: 0x20, CD: 0x10, RCODE: 0x0f } as const

/** Octets. */
export const size = {
  header: 12,
  label: 63,
  name: 255,
  /** Largest UDP message without EDNS: RFC 1035, section 4.2.1. */
  plainUdp: 512,
  /** What we advertise and the most that we send: fits every link without fragments (RFC 9715, section 3). */
  ednsUdp: 1232,
  tcp: 65_535,
} as const

/** Extended errors that we give: RFC 8914, section 4. */
export const extendedError = {
  OTHER: 0,
  STALE_ANSWER: 3,
  NOT_READY: 14,
  PROHIBITED: 18,
  BLOCKED: 15,
  STALE_NXDOMAIN_ANSWER: 19,
  NOT_AUTHORITATIVE: 20,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
} as const
