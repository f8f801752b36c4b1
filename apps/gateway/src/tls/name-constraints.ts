/** OID of the extension (RFC 5280, section 4.2.1.10). */
export const nameConstraintsOid = '2.5.29.30'

/**
 * The value of a name constraints extension, DER: DNS names at and below the domain are permitted, IP addresses are not
 * (RFC 5280, section 4.2.1.10). Whoever gets hold of the key of a CA with it can sign for nothing else that a browser goes to.
 */
export const encodeNameConstraints = (domain: string): Buffer => {
  const permitted = tagged(0x82, Buffer.from(domain, 'latin1'))
  // Address and mask, all zero: every IPv4 and every IPv6 address.
  const excluded = [tagged(0x87, Buffer.alloc(8)), tagged(0x87, Buffer.alloc(32))]
  return tagged(0x30, tagged(0xa0, tagged(0x30, permitted)), tagged(0xa1, ...excluded.map((base) => tagged(0x30, base))))
}

/** The domain of {@link encodeNameConstraints}; null where the constraints are others. */
export const domainOfNameConstraints = (value: Buffer): string | null => {
  // No other run of characters in it is as long as a domain with a dot.
  for (const [candidate] of value.toString('latin1').matchAll(/[a-z0-9.-]+/g)) {
    for (let from = 0; from < 2; from++) {
      if (encodeNameConstraints(candidate.slice(from)).equals(value)) return candidate.slice(from)
    }
  }
  return null
}

/** Tag, length, contents (ITU-T X.690, section 8.1). */
const tagged = (tag: number, ...contents: Buffer[]): Buffer => {
  const body = Buffer.concat(contents)
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
