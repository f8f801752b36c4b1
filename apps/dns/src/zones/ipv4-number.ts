/** The 32 bits of an address, `127.0.0.1`; -1 where it is none. Numbers with zeros in front could be octal, so they are not taken. */
export function ipv4Number(address: string): number {
  let bits = 0
  let octet = -1
  let octets = 0
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - 0x30
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    } else {
      if (digit !== -2 || octet < 0) return -1
      bits = bits * 256 + octet
      octets++
      octet = -1
    }
  }
  return octets === 3 && octet >= 0 ? bits * 256 + octet : -1
}
