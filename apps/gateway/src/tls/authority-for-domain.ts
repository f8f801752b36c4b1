import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type AuthorityFiles, brokenAuthority, readOrCreateAuthority } from './authority-files.ts'
import { checkAuthority, domainOfAuthority } from './check-authority.ts'

const attempts = 5

export interface AuthorityForDomain {
  readonly files: AuthorityFiles
  /** The domain of the CA that was there before and could not sign for this one; null: it is the same CA as ever. */
  readonly replaced: string | null
}

/**
 * The CA of a home for this domain; the first one to ask makes it. One that was made for another domain is put aside,
 * `tls` becomes `tls.<its domain>`, and comes back when its domain does: whoever trusted it need not do so again.
 * @throws StandinError `invalid`: its files are broken or have expired
 */
export const authorityForDomain = async (
  home: string,
  domain: string,
  make: () => Promise<{ certificate: string; key: string }>,
): Promise<AuthorityForDomain> => {
  let replaced: string | null = null
  // Others may do the same at the same time.
  for (let attempt = 1; attempt <= attempts; attempt++) {
    let files: AuthorityFiles
    try {
      files = await readOrCreateAuthority(home, make)
      checkAuthority(files)
    } catch (error) {
      // Half of what was read may be of the CA that is being put aside.
      if (attempt === attempts) throw error
      await setTimeout(20)
      continue
    }
    const made = domainOfAuthority(files)
    if (made === null || domain === made || domain.endsWith(`.${made}`)) return { files, replaced }
    replaced = made
    await tryRename(join(home, 'tls'), join(home, `tls.${made}`))
    await tryRename(join(home, `tls.${domain}`), join(home, 'tls'))
  }
  throw brokenAuthority(join(home, 'tls', 'ca.crt'), `signs for ${replaced} only, not for ${domain}`)
}

/** Where it does not work, somebody else was faster, or there is nothing to come back. */
const tryRename = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}
