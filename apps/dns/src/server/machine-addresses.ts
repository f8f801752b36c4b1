import { networkInterfaces } from 'node:os'
import { addressBytes } from '../wire/address.ts'

/** Whether it stands for all addresses of the machine: `0.0.0.0`, `::`. */
export function isWildcard(address: string): boolean {
  return addressBytes(address)?.every((octet) => octet === 0) === true
}

/**
 * The addresses that a wildcard stands for as the machine has them now: `0.0.0.0` for those of IPv4, `::` for those of both
 * families. Link-local ones of IPv6 carry their interface (RFC 4007, section 11): `fe80::1%eth0`. Interfaces that are down have none.
 */
export function machineAddresses(wildcard: string): string[] {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, own = []]) =>
    own
      .filter(({ family }) => family === 'IPv4' || wildcard.includes(':'))
      .map(({ address, family }) => (family === 'IPv6' && /^fe[89ab]/i.test(address) ? `${address.split('%')[0]}%${name}` : address)),
  )
  return [...new Set(addresses)]
}
