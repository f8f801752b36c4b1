import { readFile } from 'node:fs/promises'
import { SourceFailure } from '../directory.ts'

/** Certificates that are trusted, PEM. @throws SourceFailure */
export async function readCertificates(id: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new SourceFailure(`${id}: the certificates can not be read from ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}
