import type { Logger } from 'pino'
import { CertificateFiles } from './certificate-files.ts'
import type { CertificateSource } from './certificate-source.ts'
import { MintedCertificates } from './minted-certificates.ts'

export interface CertificatesOptions {
  /** Of `--tls-cert` and `--tls-key`; null: they are minted. */
  readonly files: { readonly certFile: string; readonly keyFile: string } | null
  /** STANDIN_HOME, where the CA is kept. */
  readonly home: string
  /** Known with the first table. Not asked for where there are files. */
  readonly domain: Promise<string>
  readonly isRouted: (host: string) => boolean
  readonly log: Pick<Logger, 'info' | 'error'>
}

/**
 * What this gateway proves its names with. What is wrong with files that are there already is told at once; the source
 * may come later.
 * @throws StandinError `invalid`: a certificate or key, or the CA, can not be used
 */
export const openCertificates = async (options: CertificatesOptions): Promise<{ readonly source: Promise<CertificateSource> }> => {
  const { files, home, domain, isRouted, log } = options
  if (files !== null) return { source: Promise.resolve(await CertificateFiles.open(files.certFile, files.keyFile, log)) }
  // The library behind it takes 20 MB and a fifth of a second: only who needs it loads it.
  const { CertificateAuthority, checkAuthorityFiles } = await import('./certificate-authority.ts')
  await checkAuthorityFiles(home)
  const open = async () => {
    const name = await domain
    const authority = await CertificateAuthority.open(home, name)
    log.info({ ca: authority.certificateFile, domain: name }, 'certificates are minted for the domain')
    return MintedCertificates.open({ authority, domain: name, isRouted, log })
  }
  return { source: open() }
}
