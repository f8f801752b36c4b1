import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { statOf } from '@standin/serving/stat-of'
import { type Directive, fieldsOf, type Notice, readLine, unmarked, ValueError } from './configuration-line.ts'

/** All lines of a configuration, those of the files that it names in their place. */
export interface ConfigurationText {
  readonly directives: readonly Directive[]
  /** Lines that can't be read, files that aren't there. */
  readonly faults: readonly Notice[]
}

/** Reads a configuration file and, where they are named, those of `conf-file`, `conf-dir` and `servers-file`. Never throws. */
export function readConfigurationText(path: string): ConfigurationText {
  const reader = new Reader()
  reader.file(path, undefined, undefined)
  return reader
}

/** In a file that `servers-file` names, nothing else is allowed. */
const serverOptions: ReadonlySet<string> = new Set(['server', 'rev-server'])

class Reader implements ConfigurationText {
  readonly directives: Directive[] = []
  readonly faults: Notice[] = []
  readonly #seen = new Set<string>()

  /** `from`: the line that names it; undefined: none does. */
  file(path: string, from: Directive | undefined, only: ReadonlySet<string> | undefined): void {
    let text: string
    try {
      // As dnsmasq does: a file that is named again, by itself for one, is not read again.
      const real = realpathSync(path)
      if (this.#seen.has(real)) return
      this.#seen.add(real)
      text = readFileSync(path, 'utf8')
    } catch (cause) {
      if (from === undefined) this.faults.push({ place: { file: path, line: 0 }, message: `can not be read: ${reason(cause)}` })
      else this.#fault(from, `can not read ${path}: ${reason(cause)}`)
      return
    }
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const place = { file: path, line: index + 1 }
      try {
        const directive = readLine(line, place)
        if (directive === undefined) continue
        if (only === undefined || only.has(directive.option)) this.#take(directive)
        else this.#fault(directive, 'only server and rev-server may stand in this file')
      } catch (cause) {
        if (!(cause instanceof ValueError)) throw cause
        this.#fault({ option: line.trim(), value: undefined, place }, cause.message)
      }
    }
  }

  #take(directive: Directive): void {
    const { option, value } = directive
    if (value === undefined || value === '') this.directives.push(directive)
    else if (option === 'conf-file' || option === 'servers-file') {
      if (value === '-') this.#fault(directive, 'can not be the standard input here: name a file')
      else this.file(resolve(unmarked(value)), directive, option === 'servers-file' ? serverOptions : undefined)
    } else if (option === 'conf-dir') this.#folder(directive, value)
    else this.directives.push(directive)
  }

  #folder(directive: Directive, value: string): void {
    const [name = '', ...endings] = fieldsOf(value)
    const folder = resolve(name)
    try {
      for (const file of filesIn(folder, endings)) this.file(join(folder, file), directive, undefined)
    } catch (cause) {
      this.#fault(directive, `can not read ${folder}: ${reason(cause)}`)
    }
  }

  #fault({ option, place }: Directive, message: string): void {
    this.faults.push({ place, message: `${option}: ${message}` })
  }
}

/**
 * The files of a folder in alphabetical order. Left out are hidden ones, those of editors (`x~`, `#x#`) and those with one of
 * the `endings`; where there are endings with a `*` in front, all that have none of them.
 */
function filesIn(folder: string, endings: readonly string[] = []): string[] {
  const wanted = endings.filter((ending) => ending.startsWith('*') && ending.length > 1).map((ending) => ending.slice(1))
  const unwanted = endings.filter((ending) => ending !== '' && !ending.startsWith('*'))
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~') && !(name.startsWith('#') && name.endsWith('#')))
    .filter((name) => !unwanted.some((ending) => name.endsWith(ending)))
    .filter((name) => wanted.length === 0 || wanted.some((ending) => name.endsWith(ending)))
    .filter((name) => statOf(join(folder, name))?.isFile() === true)
    .sort()
}

/** The paths of a folder's files, or of the file itself. None where the folder can't be read any more. */
export function filesOf(path: string): string[] {
  if (statOf(path)?.isDirectory() !== true) return [path]
  try {
    return filesIn(path).map((name) => join(path, name))
  } catch {
    return []
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EISDIR: 'it is a folder; conf-dir reads all files of one',
  EACCES: 'this user may not read it',
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return reasons[code ?? ''] ?? message
}
