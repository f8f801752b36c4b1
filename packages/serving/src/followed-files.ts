import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { statOf } from './stat-of.ts'

/** Where nothing tells of changes (a network file system, a folder that was replaced), the files are looked at this often, ms. */
const lookMs = 5_000

export interface FollowOptions {
  /** Milliseconds of quiet after a change before it is told: editors write in several steps, and some truncate the file first. */
  readonly settleMs: number
  /** Files of a folder whose changes are the folder's; none where it is left out. */
  readonly filesOf?: (folder: string) => readonly string[]
}

/**
 * Tells when one of some files or folders becomes another one, however it is changed: written in place, replaced by a rename,
 * reached through a link that is moved, made or removed (as Kubernetes does with config maps). Their folders are watched, as each
 * of these makes another file of it.
 */
export class FollowedFiles {
  readonly #paths: readonly string[]
  readonly #onChange: () => void
  readonly #options: FollowOptions
  readonly #watchers = new Map<string, FSWatcher>()
  #state = ''
  #quiet: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(paths: readonly string[], onChange: () => void, options: FollowOptions) {
    this.#paths = paths
    this.#onChange = onChange
    this.#options = options
  }

  /** To be called before the files are read, so that no change between is missed. */
  start(): void {
    this.#follow()
    this.#state = this.#stateNow()
    this.#look = setInterval(() => this.#compare(), lookMs)
    this.#look.unref()
  }

  /** What it told of could not be made use of: it is told again at the next look. */
  again(): void {
    this.#state = ''
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
    this.#quiet = setTimeout(() => this.#compare(), this.#options.settleMs)
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
    return this.#paths.map((path) => this.#stateOf(path)).join('\n')
  }

  #stateOf(path: string): string {
    const stat = statOf(path)
    if (stat === undefined) return '-'
    const own = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
    const files = stat.isDirectory() ? (this.#options.filesOf?.(path) ?? []) : []
    return [own, ...files.map((file) => this.#stateOf(file))].join(' ')
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
