import { readFile, stat } from 'node:fs/promises'
import { SourceFailure } from './directory.ts'

/**
 * The one line of a file that nobody else may read. It is read each time, so that a new one counts from the next run on.
 * @param what `the bind password`
 * @throws SourceFailure that names the file and says what to do
 */
export async function readSecret(source: string, what: string, file: string): Promise<string> {
  let secret: string
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) throw new SourceFailure(`${source}: ${what} in ${file} can be read by others: chmod 600 ${file}`)
    secret = (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    if (cause instanceof SourceFailure) throw cause
    const { code = 'unknown' } = cause as NodeJS.ErrnoException
    throw new SourceFailure(`${source}: ${what} can not be read from ${file}: ${code}`, { cause })
  }
  // An empty password is no password: the bind would be anonymous and succeed (RFC 4513, section 5.1.2).
  if (secret.trim() === '') throw new SourceFailure(`${source}: ${what} in ${file} is empty`)
  return secret
}
