import type { BlueprintFiles } from './blueprint-files.ts'
import type { Faults } from './faults.ts'
import type { Lookup } from './interpolate.ts'
import { child, describeKind, isNull, type Located, type LocatedMap, type Position } from './located.ts'
import { type ProfilePart, profile } from './profile.ts'
import { parseDuration, parseSize } from './quantities.ts'
import { didYouMean } from './suggest.ts'

/** What every part of the parser is given. */
export interface Reading {
  readonly faults: Faults
  readonly files: BlueprintFiles
  readonly lookup: Lookup
  /** Id of the provider that the template is for. */
  readonly provider: string
  /** Called with every file and folder that the blueprint needs. */
  readonly uses: (path: string, kind: 'file' | 'folder') => void
}

/** A key of a mapping in the profile, with where it stands. */
export interface Field {
  readonly node: Located
  readonly path: string
}

/**
 * The supported keys of a mapping. Unknown and refused keys are faults, ignored ones warnings.
 *
 * @returns undefined where `node` is no mapping.
 */
export function readFields(
  reading: Reading,
  node: Located,
  path: string,
  part: ProfilePart,
): ((key: string) => Field | undefined) | undefined {
  const map = readMap(reading, node, path)
  if (map === undefined) return undefined
  const rules = new Map(Object.entries(profile[part]))
  for (const [key, entry] of map.entries) {
    const rule = rules.get(key)
    const here = `${path === '' ? '' : `${path}.`}${key}`
    if (rule === undefined) {
      if (!key.startsWith('x-')) reading.faults.error(entry.keyAt, here, `unknown key "${key}"${didYouMean(key, rules.keys())}`)
    } else if (!isNull(entry.value) && rule.support === 'refused') {
      reading.faults.error(entry.keyAt, here, `"${key}" is not supported: ${rule.note}`)
    } else if (!isNull(entry.value) && rule.support === 'ignored') {
      reading.faults.warn(entry.keyAt, here, `"${key}" is ignored: ${rule.note}`)
    }
  }
  return (key) => {
    const value = child(map, key)
    return value === undefined ? undefined : { node: value, path: `${path === '' ? '' : `${path}.`}${key}` }
  }
}

export function readMap(reading: Reading, node: Located, path: string): LocatedMap | undefined {
  if (node.kind === 'map') return node
  wrong(reading, node, path, 'a mapping')
  return undefined
}

/** A string; numbers and booleans are taken as they are written. */
export function readString(reading: Reading, field: Field | undefined): string | undefined {
  if (field === undefined) return undefined
  if (field.node.kind === 'scalar' && field.node.value !== null) return field.node.text
  wrong(reading, field.node, field.path, 'a string')
  return undefined
}

export function readBoolean(reading: Reading, field: Field | undefined): boolean | undefined {
  if (field === undefined) return undefined
  if (field.node.kind === 'scalar') {
    const text = field.node.text.toLowerCase()
    if (text === 'true') return true
    if (text === 'false') return false
  }
  wrong(reading, field.node, field.path, 'true or false')
  return undefined
}

export function readInteger(reading: Reading, field: Field | undefined, least: number, most: number): number | undefined {
  if (field === undefined) return undefined
  const value = field.node.kind === 'scalar' && /^\d{1,9}$/.test(field.node.text) ? Number(field.node.text) : Number.NaN
  if (value >= least && value <= most) return value
  wrong(reading, field.node, field.path, `a whole number from ${least} to ${most}`)
  return undefined
}

/** Milliseconds. */
export function readDuration(reading: Reading, field: Field | undefined): number | undefined {
  if (field === undefined) return undefined
  const value = field.node.kind === 'scalar' ? parseDuration(field.node.text) : null
  if (value !== null) return value
  wrong(reading, field.node, field.path, 'a duration with a unit, such as 90s or 1m30s')
  return undefined
}

/** Bytes. */
export function readSize(reading: Reading, field: Field | undefined): number | undefined {
  if (field === undefined) return undefined
  const value = field.node.kind === 'scalar' ? parseSize(field.node.text) : null
  if (value !== null) return value
  wrong(reading, field.node, field.path, 'a size with a unit, such as 512MiB or 1.5g')
  return undefined
}

export function readChoice<const T extends string>(reading: Reading, field: Field | undefined, choices: readonly T[]): T | undefined {
  if (field === undefined) return undefined
  const text = field.node.kind === 'scalar' ? field.node.text : undefined
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  const meant = text === undefined ? '' : didYouMean(text, choices)
  wrong(reading, field.node, field.path, `one of ${choices.join(', ')}`, meant)
  return undefined
}

/** The items of a list; a single value where `single` says that one is fine too. */
export function readItems(reading: Reading, field: Field | undefined, single = false): Field[] {
  if (field === undefined) return []
  if (field.node.kind === 'list') return field.node.items.map((node, index) => ({ node, path: `${field.path}.${index}` }))
  if (single && field.node.kind === 'scalar') return [field]
  wrong(reading, field.node, field.path, single ? 'a string or a list' : 'a list')
  return []
}

/** A mapping of strings, or a list of `KEY=value`. Null: the key stands there without a value. */
export function readStringMap(reading: Reading, field: Field | undefined): Map<string, { value: string | null; at: Position }> {
  const result = new Map<string, { value: string | null; at: Position }>()
  if (field === undefined) return result
  if (field.node.kind === 'map') {
    for (const [key, { value, keyAt }] of field.node.entries) {
      if (value.kind === 'scalar') result.set(key, { value: value.value === null ? null : value.text, at: keyAt })
      else wrong(reading, value, `${field.path}.${key}`, 'a string')
    }
    return result
  }
  for (const item of readItems(reading, field)) {
    const text = readString(reading, item)
    if (text === undefined) continue
    const split = text.indexOf('=')
    result.set(split === -1 ? text : text.slice(0, split), { value: split === -1 ? null : text.slice(split + 1), at: item.node.at })
  }
  return result
}

export function wrong(reading: Reading, node: Located, path: string, wanted: string, meant = ''): void {
  const got = node.kind === 'scalar' && node.value !== null ? `"${node.text.slice(0, 80)}"` : describeKind(node)
  reading.faults.error(node.at, path, `${got} is not ${wanted}${meant}`)
}
