import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { filesOf } from './configuration-text.ts'
import { statOf } from './stat-of.ts'

/** Milliseconds of quiet after a change: editors write in several steps, and some truncate the file first. */
const settleMs = 20
/** Where nothing tells of changes (a network file system, a folder that was replaced), the files are looked at this often, ms. */
const lookMs = 5_000

/**
 * Tells when one of some files or folders becomes another one, however it is changed: written in place, replaced by a rename,
 * reached through a link that is moved, made or removed. Their folders are watched, as each of these makes another file of it.
 */
export class FollowedFiles {
  readonly #paths: readonly string[]
  readonly #onChange: () => void
  readonly #watchers = new Map<string, FSWatcher>()
  #state = ''
  #quiet: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(paths: readonly string[], onChange: () => void) {
    this.#paths = paths
    this.#onChange = onChange
  }

  /** To be called before the files are read, so that no change between is missed. */
  start(): void {
    this.#follow()
    this.#state = this.#stateNow()
    this.#look = setInterval(() => this.#compare(), lookMs)
    this.#look.unref()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#quiet)
    clearInterval(this.#look)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #follow(): void {
    const wanted = new Set(this.#paths.flatMap(foldersOf))
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#settle())
        watcher.on('error', () => {
          watcher.close()
          this.#watchers.delete(folder)
        })
        this.#watchers.set(folder, watcher)
      } catch {
        // It is looked at from time to time.
      }
    }
  }

  #settle(): void {
    if (this.#isClosed) return
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => this.#compare(), settleMs)
  }

  #compare(): void {
    if (this.#isClosed) return
    this.#follow()
    const state = this.#stateNow()
    if (state === this.#state) return
    this.#state = state
    this.#onChange()
  }

  #stateNow(): string {
    return this.#paths.map(fileState).join('\n')
  }
}

/** Folders in which a change of `path` shows: the one that names it, the one where it really is, itself if it is one. */
function foldersOf(path: string): string[] {
  try {
    const real = realpathSync(path)
    const itself = statSync(real).isDirectory() ? [real] : []
    return [dirname(path), dirname(real), ...itself]
  } catch {
    return [dirname(path)]
  }
}

/** Changes whenever the file does. Of a folder, its files have to be among the paths' states too. */
function fileState(path: string): string {
  const stat = statOf(path)
  if (stat === undefined) return '-'
  const own = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
  return stat.isDirectory() ? [own, ...filesOf(path).map(fileState)].join(' ') : own
}
