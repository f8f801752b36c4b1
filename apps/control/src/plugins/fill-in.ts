import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Path } from './config-document.ts'

/** What stood in the place of a value: its faults are told without the value. */
interface FilledIn {
  readonly path: Path
  /** `${env:NAME}`, as it was written. */
  readonly reference: string
  readonly value: string
}

interface Filled {
  readonly value: unknown
  readonly filledIn: readonly FilledIn[]
  readonly faults: readonly { readonly path: Path; readonly message: string }[]
}

const pattern = /(\$?)\$\{(env|file):([^}]*)\}/g

/**
 * Put in the place of `${env:NAME}` and `${file:PATH}` what they stand for, in strings alone; never in keys. `$${env:NAME}` is
 * `${env:NAME}` as it is written. The end of a file's last line is left out.
 * @param dir where relative paths begin
 */
export function fillIn(given: unknown, dir: string, env: NodeJS.ProcessEnv): Filled {
  const filledIn: FilledIn[] = []
  const faults: { path: Path; message: string }[] = []
  const standsFor = (kind: string, name: string): string => {
    if (kind === 'file') return readFileSync(resolve(dir, name), 'utf8').replace(/\r?\n$/, '')
    const value = env[name]
    if (value === undefined) throw new Error('it is not set')
    return value
  }
  const visit = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]))
    if (typeof value !== 'string') return value
    return value.replaceAll(pattern, (written: string, escaped: string, kind: string, name: string) => {
      if (escaped !== '') return written.slice(1)
      try {
        const text = standsFor(kind, name)
        filledIn.push({ path, reference: written, value: text })
        return text
      } catch (error) {
        faults.push({ path, message: `${written} can not be filled in: ${(error as Error).message}` })
        return written
      }
    })
  }
  return { value: visit(given, []), filledIn, faults }
}

/** A fault without what was filled in: it may be a secret. */
export function withoutValues(path: Path, message: string, filledIn: readonly FilledIn[]): string {
  const here = filledIn.find((each) => each.path.join('.') === path.join('.'))
  if (here !== undefined) return `what ${here.reference} stands for is not valid here`
  return filledIn.reduce((text, { value, reference }) => (value.length < 3 ? text : text.replaceAll(value, reference)), message)
}
