import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'

/** The CA of a home as it is on disk, PEM both. */
export interface AuthorityFiles {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: string
  readonly key: string
}

/**
 * Reads `tls/ca.crt` and `tls/ca.key` below the home; where there is no `tls` yet, it is put there with both at once, so
 * that all who start together have the same one and nobody ever sees half of it. Mode 0700, the key 0600.
 * @throws StandinError `invalid`: one of the two is missing, or can not be read
 */
export const readOrCreateAuthority = async (
  home: string,
  make: () => Promise<{ certificate: string; key: string }>,
): Promise<AuthorityFiles> => {
  const found = await readAuthority(home)
  if (found !== null) return found
  const draft = join(home, `tls.${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    const { certificate, key } = await make()
    await mkdir(home, { recursive: true, mode: 0o700 })
    await mkdir(draft, { mode: 0o700 })
    await writeThrough(join(draft, 'ca.key'), key, 0o600)
    await writeThrough(join(draft, 'ca.crt'), certificate, 0o644)
    // Over an empty directory this works as well; over one with contents it does not, and then somebody was faster.
    await rename(draft, join(home, 'tls'))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') {
      throw new StandinError('invalid', `The CA can not be kept in ${join(home, 'tls')}: ${message}`, {
        hint: 'Give the gateway a home that it may write to, or a certificate with --tls-cert and --tls-key',
        cause: error,
      })
    }
  }
  const made = await readAuthority(home)
  if (made !== null) return made
  throw new StandinError('invalid', `${join(home, 'tls')} holds other files, but no CA`, {
    hint: 'Move them elsewhere: the gateway keeps its CA there, and nothing else may be in its place',
  })
}

/** Null: there is none. @throws StandinError `invalid`: there is half of one */
export const readAuthority = async (home: string): Promise<AuthorityFiles | null> => {
  const certificateFile = join(home, 'tls', 'ca.crt')
  const keyFile = join(home, 'tls', 'ca.key')
  const [certificate, key] = await Promise.all([readIfThere(certificateFile), readIfThere(keyFile)])
  if (certificate === null && key === null) return null
  if (certificate === null || key === null) {
    const [missing, other] = certificate === null ? [certificateFile, keyFile] : [keyFile, certificateFile]
    throw brokenAuthority(missing, `is missing, but ${other} is there`)
  }
  await chmod(keyFile, 0o600)
  return { certificateFile, keyFile, certificate, key }
}

/** A file of the CA that can not be used. There is one way out, whatever is wrong with it. */
export const brokenAuthority = (file: string, what: string, cause?: unknown): StandinError =>
  new StandinError('invalid', `${file} ${what}`, {
    hint: 'Bring ca.crt and ca.key back from a backup, or remove both: the next start makes a new CA, which has to be trusted again with `standin trust`',
    cause,
  })

const readIfThere = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw brokenAuthority(file, `can not be read: ${message}`, error)
  }
}

/** A power cut after the rename must not leave an empty file. */
const writeThrough = async (file: string, text: string, mode: number): Promise<void> => {
  await using handle = await open(file, 'wx', mode)
  await handle.writeFile(text)
  await handle.sync()
}
