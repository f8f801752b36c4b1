import { randomBytes, X509Certificate } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AuthorityFiles } from './authority-files.ts'
import { ServedCertificate } from './served-certificate.ts'

/**
 * The wildcard certificate of a home on disk, `tls/wildcard.pem`, so that a start mints nothing as long as it is good:
 * what minting needs is large, and is not even loaded then. Certificate and key in one file, mode 0600, that appears whole.
 */
export class KeptWildcard {
  readonly #file: string
  readonly #authority: X509Certificate
  readonly #names: readonly string[]

  constructor({ certificateFile, certificate }: AuthorityFiles, names: readonly string[]) {
    this.#file = join(dirname(certificateFile), 'wildcard.pem')
    this.#authority = new X509Certificate(certificate)
    this.#names = names
  }

  /** Null: there is none that this CA signed for these names, or it should be renewed. */
  async read(now = Date.now()): Promise<ServedCertificate | null> {
    try {
      const text = await readFile(this.#file, 'utf8')
      const keyAt = text.indexOf('-----BEGIN PRIVATE KEY-----')
      const [certificate, key] = [text.slice(0, keyAt), text.slice(keyAt)]
      if (!new X509Certificate(certificate).verify(this.#authority.publicKey)) return null
      const served = new ServedCertificate(certificate, key)
      return now < served.renewAt && this.#names.every((name) => served.names.includes(name)) ? served : null
    } catch {
      // Another one is minted, and put in its place.
      return null
    }
  }

  /** Without it the next start mints one: no reason not to serve. */
  async write(certificate: string, key: string): Promise<void> {
    const draft = `${this.#file}.${process.pid}-${randomBytes(6).toString('hex')}`
    try {
      await writeFile(draft, `${certificate.trimEnd()}\n${key}`, { mode: 0o600, flag: 'wx' })
      await rename(draft, this.#file)
    } catch {
      await rm(draft, { force: true })
    }
  }
}
