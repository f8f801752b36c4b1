import { StandinError } from '@standin/client'
import { type Isolation, seeingAll } from './isolation.ts'
import { command } from './shell.ts'

/**
 * Disk that a directory takes: allocated blocks, so that holes are free, and each hard link once. Of an overlay that is what
 * was changed, since the template is beside it; a copy by reflink counts whole, as `du` can't see what it shares. Another
 * process walks the tree, in last place for the processor.
 * @throws StandinError `provider_failed`; what the signal says
 */
export async function heldBytes(dir: string, isolation: Isolation, signal?: AbortSignal): Promise<number> {
  const words = [...seeingAll(isolation), 'nice', '-n', '19', 'du', '-skx', dir]
  const { stdout, stderr } = await command(words, signal === undefined ? {} : { signal })
  signal?.throwIfAborted()
  // A file that went while it was looked at makes its exit code 1: the sum is there all the same.
  const kibibytes = Number.parseInt(stdout, 10)
  if (!Number.isNaN(kibibytes)) return kibibytes * 1024
  throw new StandinError('provider_failed', `${dir} can not be measured: ${stderr.trim().split('\n').at(-1)}`)
}
