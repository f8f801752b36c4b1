import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'

/** The CA of a home: who trusts it, trusts what the gateway says about its names. */
export interface Authority {
  readonly file: string
  readonly pem: string
  /** Under which stores keep it: another CA of the same domain has another one. */
  readonly name: string
  /** It signs for this domain and what is below it, and for nothing else; null: the certificate does not tell. */
  readonly domain: string | null
  /** SHA-256, as browsers show it. */
  readonly fingerprint: string
  readonly expiresAt: string
}

/** @throws StandinError `invalid`: there is no CA, or its file is broken */
export async function readAuthority(home: string): Promise<Authority> {
  const file = join(home, 'tls', 'ca.crt')
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw broken(file, error)
    throw new StandinError('invalid', `There is no CA yet: ${file} does not exist.`, {
      hint: 'The gateway makes one when it first listens for HTTPS: `standin start` does that. If it is below another home, name that with --home.',
    })
  }
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (error) {
    throw broken(file, error)
  }
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'Standin CA'
  const fingerprint = certificate.fingerprint256
  return {
    file,
    pem: certificate.toString(),
    name: `${commonName} ${fingerprint.replaceAll(':', '').slice(0, 8)}`,
    domain: /^Standin CA for (.+)$/.exec(commonName)?.[1] ?? null,
    fingerprint,
    expiresAt: certificate.validToDate.toISOString(),
  }
}

const broken = (file: string, error: unknown) =>
  new StandinError('invalid', `${file} can not be read as a certificate: ${(error as Error).message}.`, {
    hint: 'Remove ca.crt and ca.key beside it: the next start of the gateway makes a new CA.',
    cause: error,
  })
