import { constants, open } from 'node:fs/promises'
import { StandinError } from '@standin/client'

const mostBytes = 64 * 1024

/**
 * What stands in a file that holds a secret and nothing else, without the end of its line.
 * @param what `the API token`, for the errors: they name the file, never what is in it
 * @throws StandinError `invalid` where it can't be read, others than its owner can read it, or there is nothing in it
 */
export async function readSecretFile(file: string, what: string): Promise<string> {
  const secret = await readPrivately(file, what).catch((cause: unknown) => {
    if (cause instanceof StandinError) throw cause
    const { code = String(cause) } = cause as NodeJS.ErrnoException
    throw new StandinError('invalid', `${what} can not be read from ${file}: ${code}`, { cause })
  })
  if (secret.trim() === '') throw new StandinError('invalid', `${what} in ${file} is empty`)
  return secret.replace(/\r?\n$/, '')
}

async function readPrivately(file: string, what: string): Promise<string> {
  // Nobody writes into a pipe just because it is looked at: opening it must not wait for that.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const found = await handle.stat()
  if (!found.isFile() || found.size > mostBytes)
    throw new StandinError('invalid', `${what} can not be read from ${file}: it is no plain file of at most 64 KiB`)
  if ((found.mode & 0o077) !== 0) {
    throw new StandinError('invalid', `${what} in ${file} can be read by others: chmod 600 ${file}`)
  }
  return handle.readFile('utf8')
}
