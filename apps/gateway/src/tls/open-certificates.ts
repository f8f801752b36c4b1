import type { Logger } from 'pino'
import { authorityForDomain } from './authority-for-domain.ts'
import { CertificateFiles } from './certificate-files.ts'
import type { CertificateSource } from './certificate-source.ts'
import { checkAuthorityFiles } from './check-authority.ts'
import { KeptWildcard } from './kept-wildcard.ts'
import { createAuthorityLazily, LazyAuthority } from './lazy-authority.ts'
import { MintedCertificates } from './minted-certificates.ts'

export interface CertificatesOptions {
  /** Of `--tls-cert` and `--tls-key`; null: they are minted. */
  readonly files: { readonly certFile: string; readonly keyFile: string } | null
  /** STANDIN_HOME, where the CA is kept. */
  readonly home: string
  /** Known with the first table. Not asked for where there are files. */
  readonly domain: Promise<string>
  readonly isRouted: (host: string) => boolean
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/**
 * What this gateway proves its names with. What is wrong with files that are there already is told at once; the source
 * may come later.
 * @throws StandinError `invalid`: a certificate or key, or the CA, can not be used
 */
export const openCertificates = async (options: CertificatesOptions): Promise<{ readonly source: Promise<CertificateSource> }> => {
  const { files, home, domain, isRouted, log } = options
  if (files !== null) return { source: Promise.resolve(await CertificateFiles.open(files.certFile, files.keyFile, log)) }
  await checkAuthorityFiles(home)
  const open = async () => {
    const name = await domain
    const { files: authority, replaced } = await authorityForDomain(home, name, () => createAuthorityLazily(name))
    const ca = authority.certificateFile
    if (replaced !== null) {
      const why = `the CA signs for ${replaced} only and was put aside: there is another one for ${name}`
      log.warn({ ca, domain: name, replaced }, `${why}, which has to be trusted with \`standin trust\``)
    }
    log.info({ ca, domain: name }, 'certificates are minted for the domain')
    const kept = new KeptWildcard(authority, [name, `*.${name}`])
    return MintedCertificates.open({ authority: new LazyAuthority(authority), kept, domain: name, isRouted, log })
  }
  return { source: open() }
}
