import type { ServedCertificate } from './served-certificate.ts'

/** Where a gateway's certificates come from: its own CA, or files. */
export interface CertificateSource {
  /** For clients that name no host, or one that has none of its own. */
  readonly main: ServedCertificate
  /** The one for a host, as the client's SNI has it (RFC 6066, section 3). */
  find(host: string): ServedCertificate | Promise<ServedCertificate>
  /** The one that a connection to this host was given just now: as `find`, but never makes one. */
  peek(host: string | false | null): ServedCertificate
  /** `main` is another one. */
  onChange(listener: (main: ServedCertificate) => void): void
  close(): void
}
