import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine } from '@standin/client'
import type { LogQuery } from '@standin/core'
import { logLimits } from './keeper/log-file.ts'

interface Entry {
  readonly at: number
  readonly line: LogLine
}

const streams: Readonly<Record<string, LogLine['stream']>> = { o: 'stdout', e: 'stderr', s: 'system' }

/** Reads the logs of an environment's instances from their files, in the order of time; works whatever state it is in. */
export async function* readLogs(
  dir: string,
  instances: readonly { host: string; name: string }[],
  query: LogQuery,
): AsyncIterable<LogLine> {
  const wanted = instances.filter(({ host }) => query.host === undefined || host === query.host)
  const tails = wanted.map((instance) => new InstanceLog(join(dir, `${instance.name}.log`), instance))
  const inRange = ({ at }: Entry): boolean => at >= (query.since ?? 0) && at <= (query.until ?? Number.POSITIVE_INFINITY)
  try {
    const past = (await Promise.all(tails.map((tail) => tail.past(query)))).flat().filter(inRange)
    // Stable, so lines of one instance within one millisecond keep their order.
    past.sort((a, b) => a.at - b.at)
    for (const { line } of query.tail === undefined ? past : past.slice(past.length - Math.min(past.length, query.tail))) yield line
    if (query.follow !== true) return
    for await (const _ of changes(dir, query.signal)) {
      const fresh = (await Promise.all(tails.map((tail) => tail.fresh()))).flat().filter(inRange)
      fresh.sort((a, b) => a.at - b.at)
      for (const { line } of fresh) yield line
      if (query.until !== undefined && Date.now() > query.until) return
    }
  } finally {
    await Promise.all(tails.map((tail) => tail.close()))
  }
}

/** The files of one instance: rotated ones and the current one, and where in it we are. */
class InstanceLog {
  readonly #path: string
  readonly #instance: { host: string; name: string }
  #handle: FileHandle | null = null
  #inode = 0
  #offset = 0
  #partial: Buffer = Buffer.alloc(0)

  constructor(path: string, instance: { host: string; name: string }) {
    this.#path = path
    this.#instance = instance
  }

  async past(query: LogQuery): Promise<Entry[]> {
    const found: Entry[] = []
    const current = await this.fresh()
    // A file that was read may be renamed meanwhile, and is met again.
    const read = new Set([this.#inode])
    for (let n = 1; n <= logLimits.oldFiles; n++) {
      // From the newest on, and no further back than what is asked for reaches.
      if (query.tail !== undefined && query.until === undefined && found.length + current.length >= query.tail) break
      const handle = await open(`${this.#path}.${n}`).catch(() => null)
      if (handle === null) continue
      try {
        const { ino, mtimeMs } = await handle.stat()
        if (mtimeMs < (query.since ?? 0)) break
        if (read.has(ino)) continue
        read.add(ino)
        found.unshift(...this.#entries((await handle.readFile()).toString('utf8')))
      } finally {
        await handle.close()
      }
    }
    return [...found, ...current]
  }

  /** What was written since the last call, whatever was rotated meanwhile. */
  async fresh(): Promise<Entry[]> {
    const found = this.#handle === null ? [] : await this.#rest()
    const info = await stat(this.#path).catch(() => null)
    if (info === null || (this.#handle !== null && info.ino === this.#inode)) return found
    // What came between the look and the rotation is still in the file that we hold.
    if (this.#handle !== null) found.push(...(await this.#rest()))
    await this.close()
    this.#handle = await open(this.#path).catch(() => null)
    if (this.#handle === null) return found
    this.#inode = (await this.#handle.stat()).ino
    this.#offset = 0
    return [...found, ...(await this.#rest())]
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }

  async #rest(): Promise<Entry[]> {
    const chunks = [this.#partial]
    for (;;) {
      const chunk = Buffer.allocUnsafe(256 * 1024)
      const { bytesRead } = (await this.#handle?.read(chunk, 0, chunk.length, this.#offset)) ?? { bytesRead: 0 }
      if (bytesRead === 0) break
      this.#offset += bytesRead
      chunks.push(chunk.subarray(0, bytesRead))
    }
    const all = Buffer.concat(chunks)
    const end = all.lastIndexOf(10) + 1
    this.#partial = all.subarray(end)
    return this.#entries(all.toString('utf8', 0, end))
  }

  #entries(text: string): Entry[] {
    return text.split('\n').flatMap((line) => {
      const parts = /^(\d+) ([oes]) (.*)$/s.exec(line)
      if (parts === null) return []
      const at = Number(parts[1])
      const { host, name } = this.#instance
      return [
        {
          at,
          line: { at: new Date(at).toISOString(), host, instance: name, stream: streams[parts[2] ?? ''] ?? 'system', line: parts[3] ?? '' },
        },
      ]
    })
  }
}

/** Yields once at the beginning, then whenever a file below `dir` changed; ends with the signal. */
async function* changes(dir: string, signal: AbortSignal | undefined): AsyncIterable<void> {
  let wake: (() => void) | null = null
  let changed = true
  const note = (): void => {
    changed = true
    wake?.()
  }
  let watcher: FSWatcher | null = null
  const ended = (): void => note()
  signal?.addEventListener('abort', ended)
  try {
    while (signal?.aborted !== true) {
      // Before its first start an environment has no logs; after a purge it has none any more.
      if (watcher === null && (await readdir(dir).catch(() => null)) !== null) {
        watcher = watch(dir, note)
        watcher.on('error', () => {
          watcher = null
        })
        changed = true
      }
      if (changed) {
        changed = false
        yield
        continue
      }
      await new Promise<void>((resolve) => {
        wake = resolve
        // A second net: some file systems have no notifications.
        setTimeout(resolve, 1000).unref()
      })
      wake = null
      changed = true
    }
  } finally {
    signal?.removeEventListener('abort', ended)
    watcher?.close()
  }
}
