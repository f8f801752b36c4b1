import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StandinError } from '@standin/client/errors'
import { FollowedFiles } from '@standin/serving/followed-files'
import { whyUnreadable } from '@standin/serving/why-unreadable'
import type { Logger } from 'pino'
import type { CertificateSource } from './certificate-source.ts'
import { ServedCertificate } from './served-certificate.ts'

/** Certificate and key are two files, and are replaced one after the other: how long it takes until both are there, ms. */
const settleMs = 200
/** When to look again where they did not belong together, ms. */
const retryMs = 2_000

/** The certificate in a pair of files, read again when they change. A pair that can not be used changes nothing. */
export class CertificateFiles implements CertificateSource {
  readonly certificateFile: string
  readonly keyFile: string
  readonly #log: Pick<Logger, 'info' | 'error'>
  readonly #files: FollowedFiles
  readonly #listeners: ((main: ServedCertificate) => void)[] = []
  #main: ServedCertificate
  #text: string
  #retry: NodeJS.Timeout | undefined
  /** Reloads that found nothing usable, for the metrics. */
  failures = 0

  private constructor(certificateFile: string, keyFile: string, log: Pick<Logger, 'info' | 'error'>, first: Pair) {
    this.certificateFile = certificateFile
    this.keyFile = keyFile
    this.#log = log
    this.#main = first.certificate
    this.#text = first.text
    this.#files = new FollowedFiles([certificateFile, keyFile], () => this.#reload(true), { settleMs })
    this.#files.start()
    // What became of them since they were read shows at the first look.
    this.#files.again()
  }

  /** @throws StandinError `invalid`: a file can not be read or used, or the two do not belong together */
  static async open(certificateFile: string, keyFile: string, log: Pick<Logger, 'info' | 'error'>): Promise<CertificateFiles> {
    return new CertificateFiles(certificateFile, keyFile, log, await readPair(certificateFile, keyFile))
  }

  get main(): ServedCertificate {
    return this.#main
  }

  find(): ServedCertificate {
    return this.#main
  }

  peek(): ServedCertificate {
    return this.#main
  }

  onChange(listener: (main: ServedCertificate) => void): void {
    this.#listeners.push(listener)
  }

  /** Reads the files again. @returns whether another certificate is served now */
  async reload(): Promise<boolean> {
    const pair = await readPair(this.certificateFile, this.keyFile)
    if (pair.text === this.#text) return false
    this.#text = pair.text
    this.#main = pair.certificate
    for (const listener of this.#listeners) listener(pair.certificate)
    this.#log.info(
      { file: this.certificateFile, names: pair.certificate.names, expiresAt: new Date(pair.certificate.expiresAt) },
      'another certificate is served',
    )
    return true
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#files.close()
  }

  #reload(again: boolean): void {
    clearTimeout(this.#retry)
    this.reload().catch((error: unknown) => {
      if (again) {
        this.#retry = setTimeout(() => this.#reload(false), retryMs).unref()
        return
      }
      this.failures++
      this.#log.error({ err: error, file: this.certificateFile }, 'the new certificate can not be used; the old one stays')
    })
  }
}

interface Pair {
  readonly certificate: ServedCertificate
  readonly text: string
}

const readPair = async (certificateFile: string, keyFile: string): Promise<Pair> => {
  const [chain, key] = await Promise.all([read(certificateFile, '--tls-cert'), read(keyFile, '--tls-key')])
  const parsed = parse(certificateFile, '--tls-cert', 'certificate', () => new X509Certificate(chain))
  const parsedKey = parse(keyFile, '--tls-key', 'private key without a passphrase', () => createPrivateKey(key))
  if (!parsed.checkPrivateKey(parsedKey)) {
    throw new StandinError('invalid', `The key in ${keyFile} does not belong to the certificate in ${certificateFile}`, {
      hint: '--tls-cert FILE has the certificate of the server first, then those that signed it; --tls-key FILE its key',
    })
  }
  const certificate = parse(certificateFile, '--tls-cert', 'certificate that can be served', () => new ServedCertificate(chain, key))
  return { certificate, text: chain + key }
}

const read = async (file: string, flag: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new StandinError('invalid', `${flag} ${file} can not be read: ${whyUnreadable(error as Error)}`, {
      hint: `Name a file in PEM that the gateway may read with ${flag}`,
      cause: error,
    })
  }
}

const parse = <T>(file: string, flag: string, what: string, make: () => T): T => {
  try {
    return make()
  } catch (error) {
    throw new StandinError('invalid', `${flag} ${file} is no ${what}: ${(error as Error).message}`, {
      hint: `${flag} takes a file in PEM`,
      cause: error,
    })
  }
}
