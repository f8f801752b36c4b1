import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'

/**
 * What clients of every current browser and library speak, and nothing that needs an apology: forward secrecy and
 * authenticated encryption only (RFC 9325, sections 3.1 and 4.2).
 */
const protocolOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const

/** A certificate as handshakes use it. */
export class ServedCertificate {
  readonly options: SecureContextOptions
  readonly context: SecureContext
  /** When its life ends, ms since the epoch. */
  readonly expiresAt: number
  /** When a fresh one should be in its place: after two thirds of its life. */
  readonly renewAt: number
  readonly #names = new Set<string>()
  readonly #parents = new Set<string>()

  /**
   * @param chain PEM, the server's own certificate first
   * @throws what OpenSSL says of a certificate or key that can not be used
   */
  constructor(chain: string, key: string) {
    const own = new X509Certificate(chain)
    this.options = { ...protocolOptions, cert: chain, key }
    this.context = createSecureContext(this.options)
    this.expiresAt = own.validToDate.getTime()
    this.renewAt = this.expiresAt - (this.expiresAt - own.validFromDate.getTime()) / 3
    for (const name of serverNames(own)) {
      if (name.startsWith('*.')) this.#parents.add(name.slice(2))
      else this.#names.add(name)
    }
  }

  get names(): string[] {
    return [...this.#names, ...[...this.#parents].map((parent) => `*.${parent}`)]
  }

  /** Whether a client takes it for this host (RFC 9525, section 6.3). @param host lower case, without port; IPv6 in brackets */
  covers(host: string): boolean {
    if (this.#names.has(host)) return true
    const dot = host.indexOf('.')
    return dot > 0 && this.#parents.has(host.slice(dot + 1))
  }
}

/** Names and addresses of the subject alternative name; the common name counts for nothing any more (RFC 9525, section 2). */
const serverNames = (certificate: X509Certificate): string[] => {
  const names: string[] = []
  for (const entry of (certificate.subjectAltName ?? '').split(', ')) {
    if (entry.startsWith('DNS:')) names.push(entry.slice(4).toLowerCase())
    else if (entry.startsWith('IP Address:')) names.push(bracketed(entry.slice(11)))
  }
  return names
}

/** OpenSSL writes IPv6 addresses in full; hosts of requests have them short. */
const bracketed = (address: string): string => (address.includes(':') ? new URL(`http://[${address}]`).hostname : address)
