import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

/** What the parser may look at. Paths are relative to the blueprint's folder, `/` between parts. */
export interface BlueprintFiles {
  /** Null where it is missing, no file, not readable, too large (1 MiB) or outside. */
  read(path: string): string | null
  kind(path: string): PathKind
}

/** `outside`: a symbolic link on the way leads out of the blueprint's folder. */
type PathKind = 'file' | 'folder' | 'missing' | 'outside' | 'other'

const largestText = 1024 * 1024

/** The files below a folder; what a symbolic link leads out of it is not there. */
export function folderFiles(dir: string): BlueprintFiles {
  const root = realpathSync(dir)
  const locate = (path: string): { kind: PathKind; real: string } => {
    const full = join(root, path)
    try {
      const real = realpathSync(full)
      if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return { kind: 'outside', real }
      const stats = statSync(real)
      return { kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other', real }
    } catch {
      return { kind: isLink(full) ? 'outside' : 'missing', real: full }
    }
  }
  return {
    kind: (path) => locate(path).kind,
    read: (path) => {
      const { kind, real } = locate(path)
      try {
        return kind === 'file' && statSync(real).size <= largestText ? readFileSync(real, 'utf8') : null
      } catch {
        return null
      }
    },
  }
}

/** Files in memory, for tests and for checks of a text that is nowhere yet. */
export function memoryFiles(files: Readonly<Record<string, string>>): BlueprintFiles {
  const entries = new Map(Object.entries(files).map(([path, text]) => [posix.normalize(path), text]))
  return {
    kind: (path) => {
      const normal = posix.normalize(path)
      if (entries.has(normal)) return 'file'
      const folder = normal === '.' || [...entries.keys()].some((known) => known.startsWith(`${normal.replace(/\/$/, '')}/`))
      return folder ? 'folder' : 'missing'
    },
    read: (path) => entries.get(posix.normalize(path)) ?? null,
  }
}

/**
 * A path of the blueprint as seen from a folder of it.
 *
 * @returns the path relative to the blueprint's folder (`.` is that folder), or why it is none.
 */
export function blueprintPath(folder: string, text: string): { path: string } | { error: string } {
  if (text === '') return { error: 'the path is empty' }
  if (text.includes('\0')) return { error: 'the path holds a NUL character' }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[\w.-]+@[\w.-]+:/.test(text)) {
    return { error: `"${text}" is remote; a blueprint brings its files along` }
  }
  if (text.startsWith('/') || text.startsWith('~') || /^[A-Za-z]:[\\/]/.test(text)) {
    return { error: `"${text}" is not in the blueprint's folder; write a path relative to the blueprint` }
  }
  const path = posix.normalize(posix.join(folder, text)).replace(/(.)\/$/, '$1')
  if (path === '..' || path.startsWith('../')) return { error: `"${text}" leads out of the blueprint's folder` }
  return { path }
}

/** A path within a host: `/data`, `data` and `./data` are the same place below the host's directory. */
export function hostPath(text: string): { path: string } | { error: string } {
  if (text.includes('\0')) return { error: 'the path holds a NUL character' }
  const path = posix.normalize(`./${text}`).replace(/(.)\/$/, '$1')
  if (path === '..' || path.startsWith('../')) return { error: `"${text}" leads out of the host's directory` }
  return { path }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}
