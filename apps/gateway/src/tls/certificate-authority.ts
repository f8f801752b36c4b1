import { createPrivateKey } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { AuthorityFiles } from './authority-files.ts'
import { leafLifeMs } from './check-authority.ts'
import { encodeNameConstraints, nameConstraintsOid } from './name-constraints.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
const authorityLifeMs = 3_650 * dayMs
/** RFC 5280, appendix A.1, ub-common-name. */
const commonNameLimit = 64
/** A client's clock may be behind ours. */
const clockSkewMs = 3_600_000

/** A certificate with its key, PEM both. */
export interface MintedLeaf {
  readonly certificate: string
  readonly key: string
}

/** The CA of this home. It signs for names at and below its domain only, and no verifier would take anything else from it. */
export class CertificateAuthority {
  readonly #certificate: X509Certificate
  readonly #key: CryptoKey

  private constructor(certificate: X509Certificate, key: CryptoKey) {
    this.#certificate = certificate
    this.#key = key
  }

  /** @param files that were checked */
  static async load(files: AuthorityFiles): Promise<CertificateAuthority> {
    const der = new Uint8Array(createPrivateKey(files.key).export({ type: 'pkcs8', format: 'der' }))
    const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
    return new CertificateAuthority(new X509Certificate(files.certificate), key)
  }

  /** A certificate for servers of these names, the first of them its subject; good for 30 days. */
  async mint(names: readonly string[], now = Date.now()): Promise<MintedLeaf> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const [first = ''] = names
    const certificate = await X509CertificateGenerator.create({
      subject: [{ O: ['Standin'] }, ...(first.length <= commonNameLimit ? [{ CN: [first] }] : [])],
      issuer: this.#certificate.subjectName,
      notBefore: new Date(now - clockSkewMs),
      notAfter: new Date(now + leafLifeMs),
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
        await AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    })
    return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
  }
}

/** A new CA for a domain; PEM. */
export const createAuthority = async (domain: string): Promise<MintedLeaf> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const keyId = await SubjectKeyIdentifierExtension.create(keys.publicKey)
  const now = Date.now()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Browsers list CAs by these: what it is good for, and whose it is.
    name: [
      { O: ['Standin'] },
      { OU: [`${userInfo().username}@${hostname()}`.slice(0, commonNameLimit)] },
      { CN: [`Standin CA for ${domain}`.length <= commonNameLimit ? `Standin CA for ${domain}` : 'Standin CA'] },
    ],
    notBefore: new Date(now - clockSkewMs),
    notAfter: new Date(now + authorityLifeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new Extension(nameConstraintsOid, true, new Uint8Array(encodeNameConstraints(domain))),
      keyId,
    ],
  })
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
}

const exportKey = async (key: CryptoKey): Promise<string> => {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString()
}
