import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client'
import { TryLater } from './page-writer.ts'
import type { Platform } from './platform.ts'

const ownerFile = '.standin'
/** The same each time, so that the one that a crash left is replaced. */
const nextFile = '.standin.new'
const againMs = 60_000

/** Of a folder as a whole: no page of it can be written. */
const troubles: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left',
  EDQUOT: 'there is no space left for this user',
  EROFS: 'it can only be read',
  EACCES: 'nothing may be written there',
  EPERM: 'nothing may be written there',
  ENOTDIR: 'it is no folder',
  EEXIST: 'it is no folder',
  ELOOP: 'its links lead in circles',
  EIO: 'the disk fails',
}

/**
 * Text files in a folder of ours, which people and git may change, too. A file is there whole or as it was before. What goes
 * wrong with the folder is TryLater, with a file StandinError `state_conflict`.
 */
export class PageFiles {
  readonly path: string
  readonly #platform: Platform
  #names: string[] | undefined

  constructor(path: string, platform: Platform) {
    this.path = path
    this.#platform = platform
  }

  /**
   * The names of its files, looked up once until `release`. The folder is made where it is missing.
   * @throws TryLater where another Standin writes into it
   */
  async names(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#names !== undefined) return this.#names
    const platform = await this.#platform(signal)
    const names = await this.#whole(async () => {
      await mkdir(this.path, { recursive: true })
      return readdir(this.path)
    })
    const [owner] = (await this.read(ownerFile))?.split('\n') ?? []
    if (owner === undefined) {
      const words = 'The Standin whose store has this id writes the pages in this folder. Delete this file to let another one do so.'
      await this.replace(ownerFile, `${platform}\n${words}\n`)
    } else if (owner !== platform) {
      const file = join(this.path, ownerFile)
      throw new TryLater(
        `${this.path} has the pages of another Standin: take another folder, or delete ${file} if that one is gone`,
        againMs,
      )
    }
    this.#names = names
    return names
  }

  /** From now on, what is known of the folder may be wrong. */
  release(): void {
    this.#names = undefined
  }

  /** @returns null: there is none */
  async read(file: string): Promise<string | null> {
    const content = await this.#bytes(file)
    if (content === null) return null
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(content)
    } catch (cause) {
      throw new StandinError('state_conflict', `${join(this.path, file)} is not UTF-8: what stands there would be damaged`, { cause })
    }
  }

  /** Whether it is there, and begins with this. */
  async beginsWith(file: string, text: string): Promise<boolean> {
    const content = await this.#bytes(file)
    return content !== null && new TextDecoder().decode(content.subarray(0, 1024)).startsWith(text)
  }

  async #bytes(file: string): Promise<Uint8Array | null> {
    try {
      return await readFile(join(this.path, file))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') return null
      throw new StandinError('state_conflict', `${join(this.path, file)} can not be read: ${code}`, { cause })
    }
  }

  async replace(file: string, content: string): Promise<void> {
    const next = join(this.path, nextFile)
    await this.#whole(async () => {
      // Never through a link that somebody put there.
      await rm(next, { force: true })
      try {
        await using handle = await open(next, 'wx')
        await handle.writeFile(content)
        await handle.sync()
      } catch (error) {
        await rm(next, { force: true })
        throw error
      }
    })
    await this.#move(next, file)
  }

  async remove(file: string): Promise<void> {
    await this.#whole(() => rm(join(this.path, file), { force: true }))
  }

  /** To the folder `archive`, where nobody touches it again. */
  async archive(file: string): Promise<void> {
    await this.#whole(() => mkdir(join(this.path, 'archive'), { recursive: true }))
    await this.#move(join(this.path, file), join('archive', file))
  }

  async #move(from: string, file: string): Promise<void> {
    const to = join(this.path, file)
    await this.#whole(() => rename(from, to)).catch((cause) => {
      if (cause instanceof TryLater) throw cause
      throw new StandinError('state_conflict', `${to} is in the way: it is no file (${(cause as NodeJS.ErrnoException).code})`, { cause })
    })
  }

  async #whole<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      const why = troubles[(cause as NodeJS.ErrnoException).code ?? '']
      if (why === undefined) throw cause
      throw new TryLater(`${this.path} can not be written: ${why}`, againMs, { cause })
    }
  }
}
