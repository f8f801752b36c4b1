import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type AuthorityFiles, brokenAuthority, readAuthority } from './authority-files.ts'
import { domainOfNameConstraints } from './name-constraints.ts'

/** A CA that ends before what it would sign is of no use. */
export const leafLifeMs = 30 * 86_400_000

/** The name constraints extension by its OID, 2.5.29.30, and that it is critical; DER. */
const constraintsBegin = Buffer.from('0603551d1e0101ff04', 'hex')

/**
 * Whether the CA in `<home>/tls`, if there is one, can be used at all; for which domain is seen when it is known.
 * @throws StandinError `invalid`
 */
export const checkAuthorityFiles = async (home: string): Promise<void> => {
  const files = await readAuthority(home)
  if (files !== null) checkAuthority(files)
}

/** @throws StandinError `invalid`: a file is broken, or the CA ends soon */
export const checkAuthority = ({ certificateFile, keyFile, certificate, key }: AuthorityFiles): void => {
  const parsed = parse(certificateFile, 'certificate', () => new X509Certificate(certificate))
  const parsedKey = parse(keyFile, 'private key', () => createPrivateKey(key))
  if (!parsed.ca) throw brokenAuthority(certificateFile, 'is no certificate of a CA')
  if (parsedKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw brokenAuthority(keyFile, 'is no EC key on the curve P-256')
  if (!parsed.checkPrivateKey(parsedKey)) throw brokenAuthority(keyFile, `does not belong to ${certificateFile}`)
  if (parsed.validToDate.getTime() < Date.now() + leafLifeMs) {
    throw brokenAuthority(certificateFile, `ends on ${parsed.validToDate.toISOString().slice(0, 10)}`)
  }
}

/**
 * The domain that a CA signs for, and nothing outside of it.
 * @returns null: it has no constraints @throws StandinError `invalid`: it has others than ours
 */
export const domainOfAuthority = ({ certificateFile, certificate }: AuthorityFiles): string | null => {
  const { raw } = new X509Certificate(certificate)
  const at = raw.indexOf(constraintsBegin)
  if (at === -1) return null
  const lengthAt = at + constraintsBegin.length
  const first = raw[lengthAt] ?? 0
  const start = lengthAt + (first < 0x80 ? 1 : first - 0x7f)
  const length = first < 0x80 ? first : raw.readUIntBE(lengthAt + 1, first - 0x80)
  const domain = domainOfNameConstraints(raw.subarray(start, start + length))
  if (domain === null) throw brokenAuthority(certificateFile, 'signs for names that Standin did not choose')
  return domain
}

const parse = <T>(file: string, what: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw brokenAuthority(file, `is no ${what} (PEM)`, error)
  }
}
