import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, open, symlink } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { StandinError } from '@standin/client'
import { Parser, type ReadEntry } from 'tar'
import { Value } from 'typebox/value'
import { staysInside } from './list-inputs.ts'
import { isReserved, Transport, transportPath } from './transport.ts'

export interface UnpackLimits {
  /** Of all that comes out of the compressed stream. */
  readonly bytes: number
  /** Files, folders and links together. */
  readonly files: number
}

export interface UnpackedBlueprint {
  /** SHA-256 over the paths, modes and contents of all files, hex; the order in the archive does not matter. */
  readonly hash: string
  readonly files: number
  readonly bytes: number
  /** Null: an archive that was not made by `packBlueprint`. */
  readonly transport: Transport | null
}

/**
 * Unpack an uploaded blueprint into an empty folder.
 *
 * Only files, folders and symbolic links that stay inside come out of it. Nothing is ever written through a link: links are
 * made last, and files are opened so that they must be new. Only the owner's permissions are kept.
 *
 * @throws StandinError `too_large`, `invalid` for what is no such archive, `disk_full`. What was written until then is left to the caller, who removes `dir`.
 */
export async function unpackBlueprint(stream: Readable, dir: string, limits: UnpackLimits): Promise<UnpackedBlueprint> {
  const unpacking = new Unpacking(dir, limits)
  const parser = new Parser({ strict: true, onReadEntry: (entry) => unpacking.take(entry) })
  parser.on('error', (error: Error) =>
    unpacking.fail(
      new StandinError('invalid', `the upload is no tar archive: ${error.message}`, {
        hint: 'Send the gzipped tar of a blueprint’s folder',
      }),
    ),
  )
  const finished = once(parser, 'end')
  finished.catch(() => {})
  const plain = pipeline(stream, createGunzip(), byteLimit(limits.bytes), () => {})
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      if (!parser.write(chunk)) await Promise.race([once(parser, 'drain'), unpacking.failed])
      unpacking.throwIfFailed()
    }
    parser.end()
    await Promise.race([finished, unpacking.failed])
    return await unpacking.finish()
  } catch (error) {
    stream.destroy()
    throw await unpacking.abandon(translate(error))
  }
}

class Unpacking {
  readonly #dir: string
  readonly #limits: UnpackLimits
  readonly #links: { path: string; target: string }[] = []
  readonly #hashes: string[] = []
  #work: Promise<void> = Promise.resolve()
  #rejectFailed: (error: Error) => void = () => {}
  #count = 0
  #files = 0
  #bytes = 0
  #transport: Transport | null = null
  #current: ReadEntry | undefined
  error: Error | undefined
  readonly failed: Promise<never>

  constructor(dir: string, limits: UnpackLimits) {
    this.#dir = dir
    this.#limits = limits
    this.failed = new Promise((_, reject) => {
      this.#rejectFailed = reject
    })
    this.failed.catch(() => {})
  }

  fail(error: Error): void {
    this.error ??= error
    this.#rejectFailed(this.error)
  }

  /** Let go of what is being written. @returns the first thing that went wrong */
  async abandon(error: Error): Promise<Error> {
    this.fail(error)
    // Its reader may be between two chunks, so an event would go unheard; an end does not.
    this.#current?.end()
    await this.#work
    return this.error ?? error
  }

  throwIfFailed(): void {
    if (this.error !== undefined) throw this.error
  }

  take(entry: ReadEntry): void {
    this.#work = this.#work
      .then(() => {
        this.#current = entry
        return this.error === undefined ? this.#write(entry) : undefined
      })
      .catch((error: unknown) => this.fail(translate(error)))
      .finally(() => entry.resume())
  }

  async #write(entry: ReadEntry): Promise<void> {
    this.#count++
    if (this.#count > this.#limits.files)
      throw new StandinError('too_large', `the blueprint has more than ${this.#limits.files} files`, { hint: tooMuch })
    const path = entryPath(entry.path)
    if (path === transportPath && entry.type === 'File') {
      this.#transport = await readTransport(entry)
      return
    }
    if (path === '.') return
    if (isReserved(path))
      throw new StandinError('invalid', `the path ${path} of the upload is reserved`, { hint: 'Name no folder of a blueprint .standin' })
    const full = join(this.#dir, path)
    switch (entry.type) {
      case 'Directory':
        await mkdir(full, { recursive: true, mode: 0o700 })
        return
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        await this.#writeFile(entry, path, full)
        return
      case 'SymbolicLink': {
        const target = entry.linkpath ?? ''
        if (!staysInside(path, target))
          throw new StandinError('invalid', `the link ${path} of the upload leads out of it`, { hint: 'Copy what it leads to' })
        this.#links.push({ path, target })
        this.#hashes.push(`link ${JSON.stringify([path, target])}`)
        return
      }
      default:
        throw new StandinError('invalid', `${path} of the upload is a ${entry.type}; there may be files, folders and symbolic links`)
    }
  }

  async #writeFile(entry: ReadEntry, path: string, full: string): Promise<void> {
    await mkdir(dirname(full), { recursive: true, mode: 0o700 })
    const mode = ((entry.mode ?? 0o600) & 0o100) === 0 ? 0o600 : 0o700
    const hash = createHash('sha256')
    const file = await open(full, 'wx', mode)
    try {
      for await (const chunk of entry) {
        hash.update(chunk)
        await file.writeFile(chunk)
      }
    } finally {
      await file.close()
    }
    this.#files++
    this.#bytes += entry.size
    this.#hashes.push(`file ${JSON.stringify([path, mode, hash.digest('hex')])}`)
  }

  async finish(): Promise<UnpackedBlueprint> {
    await this.#work
    this.throwIfFailed()
    for (const { path, target } of this.#links) {
      await mkdir(dirname(join(this.#dir, path)), { recursive: true, mode: 0o700 })
      await symlink(target, join(this.#dir, path))
    }
    await chmod(this.#dir, 0o700)
    const hash = createHash('sha256').update(this.#hashes.sort().join('\n')).digest('hex')
    return { hash, files: this.#files, bytes: this.#bytes, transport: this.#transport }
  }
}

const tooMuch = 'Leave out with .dockerignore what the hosts do not need'

function byteLimit(limit: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > limit) done(new StandinError('too_large', `the blueprint has more than ${limit} bytes`, { hint: tooMuch }))
      else done(null, chunk)
    },
  })
}

function entryPath(text: string): string {
  const path = posix.normalize(text).replace(/(.)\/$/, '$1')
  if (text.startsWith('/') || text.includes('\0') || text.includes('\\') || path === '..' || path.startsWith('../')) {
    throw new StandinError('invalid', `the path "${text}" of the upload leads out of it`)
  }
  return path
}

async function readTransport(entry: ReadEntry): Promise<Transport> {
  if (entry.size > 1024 * 1024) throw new StandinError('too_large', 'the variables of the blueprint are larger than 1 MiB')
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(chunk)
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    value = undefined
  }
  if (!Value.Check(Transport, value)) throw new StandinError('invalid', `${transportPath} of the upload is not what it should be`)
  return value
}

function translate(error: unknown): Error {
  if (error instanceof StandinError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StandinError('disk_full', 'the disk is full, so the blueprint could not be unpacked', {
      hint: 'Make room below STANDIN_HOME',
      cause: error,
    })
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR')
    return new StandinError('invalid', 'the upload has a path twice', { cause: error })
  if (code === 'ENAMETOOLONG') return new StandinError('invalid', 'a path of the upload is too long', { cause: error })
  if (code?.startsWith('Z_') === true || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new StandinError('invalid', `the upload is no whole gzipped tar: ${message}`, {
      hint: 'Send the gzipped tar of a blueprint’s folder',
      cause: error,
    })
  }
  return error instanceof Error ? error : new Error(String(error))
}
