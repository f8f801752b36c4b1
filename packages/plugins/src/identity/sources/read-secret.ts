import { StandinError } from '@standin/client'
import { readSecretFile } from '@standin/core'
import { SourceFailure } from './directory.ts'

/**
 * A secret of a source. It is read each time, so that a new one counts from the next run on. An empty password is none: the
 * bind would be anonymous and succeed (RFC 4513, section 5.1.2).
 * @param what `the bind password`
 * @throws SourceFailure that names the file and says what to do
 */
export async function readSecret(source: string, what: string, file: string): Promise<string> {
  return readSecretFile(file, what).catch((cause: unknown) => {
    throw cause instanceof StandinError ? new SourceFailure(`${source}: ${cause.message}`, { cause }) : cause
  })
}
