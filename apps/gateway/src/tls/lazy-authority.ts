import type { AuthorityFiles } from './authority-files.ts'
import type { CertificateAuthority, MintedLeaf } from './certificate-authority.ts'

/** Mints with the CA of a home. The library behind it takes 20 MB and a fifth of a second: it is loaded when something is minted. */
export class LazyAuthority {
  readonly #files: AuthorityFiles
  #loaded: Promise<CertificateAuthority> | undefined

  constructor(files: AuthorityFiles) {
    this.#files = files
  }

  async mint(names: readonly string[]): Promise<MintedLeaf> {
    this.#loaded ??= import('./certificate-authority.ts').then((library) => library.CertificateAuthority.load(this.#files))
    return (await this.#loaded).mint(names)
  }
}

/** A new CA for a domain; PEM. */
export const createAuthorityLazily = async (domain: string): Promise<MintedLeaf> =>
  (await import('./certificate-authority.ts')).createAuthority(domain)
