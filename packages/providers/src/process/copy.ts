import { constants } from 'node:fs'
import { copyFile, cp, lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { isIgnored, mayHoldTaken } from './ignore.ts'
import { type Isolation, seeingAll } from './isolation.ts'
import { mustSucceed } from './shell.ts'

/** Copies a folder of a blueprint without what `ignore` names (see ignore.ts), by reflink where there are any. */
export async function copyContext(from: string, to: string, ignore: readonly string[]): Promise<void> {
  await cp(from, to, {
    recursive: true,
    force: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (source) => {
      const path = relative(from, source).split(sep).join('/')
      const info = await lstat(source)
      if (info.isSocket()) return false
      return !isIgnored(path, ignore) || (info.isDirectory() && mayHoldTaken(path, ignore))
    },
  })
}

/**
 * A true copy of a tree: links, owners, times, holes; by reflink where there are any. Where it has to be a real copy
 * `onSlow` gets the number of bytes and, in ms, how long that takes here, measured with the first of them.
 */
export async function copyTree(
  from: string,
  to: string,
  options: { isolation: Isolation; tmp: string; signal?: AbortSignal; onSlow?: (bytes: number, aboutMs: number) => void },
): Promise<void> {
  if (!options.isolation.reflink && options.onSlow !== undefined) {
    const bytes = await treeBytes(from)
    const aboutMs = await forecast(from, bytes, options.tmp)
    if (aboutMs > 1000) options.onSlow(bytes, aboutMs)
  }
  // GNU's cp takes reflinks and holes; the plain form is what every other system has.
  const flags = process.platform === 'linux' ? ['-a', '--reflink=auto', '--sparse=auto'] : ['-pR']
  await mustSucceed(
    `copying ${from}`,
    [...seeingAll(options.isolation), 'cp', ...flags, from, to],
    options.signal === undefined ? {} : { signal: options.signal },
  )
}

/** Size of all files that can be seen, each hard link once. */
async function treeBytes(dir: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) sum += await treeBytes(path)
    else {
      const { size, nlink } = await lstat(path)
      sum += size / nlink
    }
  }
  return Math.round(sum)
}

/** Milliseconds that a copy of `bytes` will take, from copying files up to some 16 MiB. */
async function forecast(dir: string, bytes: number, tmp: string): Promise<number> {
  if (bytes < 16 << 20) return 0
  const scratch = await mkdtemp(join(tmp, 'speed-'))
  try {
    let copied = 0
    const began = performance.now()
    const visit = async (at: string): Promise<void> => {
      for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
        if (copied >= 16 << 20) return
        const path = join(at, entry.name)
        if (entry.isDirectory()) await visit(path)
        else if (entry.isFile()) {
          await copyFile(path, join(scratch, 'file')).catch(() => {})
          copied += (await lstat(path)).size
        }
      }
    }
    await visit(dir)
    return ((performance.now() - began) / Math.max(1, copied)) * bytes
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
