import { posix } from 'node:path'
import { blueprintPath } from './blueprint-files.ts'
import { child, type Located, type LocatedEntry, type LocatedMap, scalar } from './located.ts'
import { type Reading, readFields, readString } from './reader.ts'
import { didYouMean } from './suggest.ts'

/** Gives the mapping of a file of the blueprint, read once. */
export type LoadFile = (file: string) => LocatedMap | undefined

/**
 * A service with all that it `extends`, from this file or another, merged as the Compose specification says ("Extend",
 * "Merge"): mappings by key, lists one after the other, everything else replaced. Values know which file they are from, so
 * relative paths stay right.
 */
export function extendService(
  reading: Reading,
  load: LoadFile,
  name: string,
  service: Located,
  file: string,
  chain: readonly string[] = [],
): Located {
  if (service.kind !== 'map') return service
  const path = `services.${name}`
  const clause = child(service, 'extends')
  if (clause === undefined) return service
  const own = without(service, 'extends')
  let target: string | undefined
  let targetFile = file
  if (clause.kind === 'scalar') target = clause.text
  else {
    const field = readFields(reading, clause, `${path}.extends`, 'extends')
    target = readString(reading, field?.('service'))
    if (field !== undefined && target === undefined) reading.faults.error(clause.at, `${path}.extends`, '"extends" needs a "service"')
    const other = field?.('file')
    const text = readString(reading, other)
    if (other !== undefined && text !== undefined) {
      const resolved = blueprintPath(posix.dirname(clause.at.file), text)
      if ('error' in resolved) {
        reading.faults.error(other.node.at, other.path, resolved.error)
        return own
      }
      targetFile = resolved.path
      const kind = reading.files.kind(targetFile)
      if (kind !== 'file') {
        reading.faults.error(
          other.node.at,
          other.path,
          kind === 'outside' ? `"${text}" leads out of the blueprint's folder` : `there is no file "${targetFile}"`,
        )
        return own
      }
      reading.uses(targetFile, 'file')
    }
  }
  if (target === undefined) return own
  const key = `${targetFile}#${target}`
  const links = [...chain, `${file}#${name}`]
  if (links.includes(key)) {
    reading.faults.error(
      clause.at,
      `${path}.extends`,
      `services extend each other in a circle: ${[...links, key].map((link) => link.split('#')[1]).join(' → ')}`,
    )
    return own
  }
  const services = load(targetFile)?.entries.get('services')?.value
  const base = services?.kind === 'map' ? services.entries.get(target)?.value : undefined
  if (base === undefined) {
    const known = services?.kind === 'map' ? services.entries.keys() : []
    reading.faults.error(clause.at, `${path}.extends`, `there is no service "${target}" in ${targetFile}${didYouMean(target, known)}`)
    return own
  }
  return merge(extendService(reading, load, target, base, targetFile, links), own, [])
}

/** Where what extends says it anew, the old goes. */
const replaced = new Set(['command', 'entrypoint', 'healthcheck.test'])
/** Lists of these are mappings in another notation. */
const keyed = new Set(['environment', 'labels', 'annotations', 'sysctls', 'build.args', 'build.labels', 'deploy.labels'])
/** A place within the host holds one thing. */
const byTarget = new Set(['volumes', 'secrets'])

function merge(base: Located, own: Located, path: readonly string[]): Located {
  const key = path.join('.')
  if (own.tag === 'override' || replaced.has(key)) return own
  if (own.kind === 'scalar' && own.value === null) return base
  const [left, right] = normalise(base, own, key)
  if (left.kind === 'map' && right.kind === 'map') {
    const entries = new Map<string, LocatedEntry>(left.entries)
    for (const [name, entry] of right.entries) {
      const before = entries.get(name)
      if (entry.value.tag === 'reset') entries.delete(name)
      else
        entries.set(name, before === undefined ? entry : { keyAt: entry.keyAt, value: merge(before.value, entry.value, [...path, name]) })
    }
    return { kind: 'map', entries, at: right.at }
  }
  if (left.kind === 'list' && right.kind === 'list') {
    const taken = new Set(right.items.map(target))
    const kept = byTarget.has(key) ? left.items.filter((item) => !taken.has(target(item))) : left.items
    return { kind: 'list', items: [...kept, ...right.items], at: right.at }
  }
  return right
}

function normalise(base: Located, own: Located, key: string): [Located, Located] {
  if (key === 'build') return [asContext(base), asContext(own)]
  if (key === 'depends_on') return [asConditions(base), asConditions(own)]
  if (key === 'env_file' || key === 'tmpfs') return [asList(base), asList(own)]
  if (keyed.has(key)) return [asMapping(base), asMapping(own)]
  return [base, own]
}

function asContext(node: Located): Located {
  return node.kind === 'scalar' ? { kind: 'map', entries: new Map([['context', { keyAt: node.at, value: node }]]), at: node.at } : node
}

function asList(node: Located): Located {
  return node.kind === 'list' ? node : { kind: 'list', items: [node], at: node.at }
}

function asConditions(node: Located): Located {
  if (node.kind !== 'list') return node
  const entries = node.items.flatMap((item): [string, LocatedEntry][] => {
    if (item.kind !== 'scalar') return []
    const condition = { keyAt: item.at, value: scalar('service_started', item.at) }
    return [[item.text, { keyAt: item.at, value: { kind: 'map', entries: new Map([['condition', condition]]), at: item.at } }]]
  })
  return { kind: 'map', entries: new Map(entries), at: node.at }
}

function asMapping(node: Located): Located {
  if (node.kind !== 'list') return node
  const entries = node.items.flatMap((item): [string, LocatedEntry][] => {
    if (item.kind !== 'scalar') return []
    const split = item.text.indexOf('=')
    const name = split === -1 ? item.text : item.text.slice(0, split)
    const value: Located =
      split === -1 ? { kind: 'scalar', value: null, text: '', at: item.at } : scalar(item.text.slice(split + 1), item.at)
    return [[name, { keyAt: item.at, value }]]
  })
  return { kind: 'map', entries: new Map(entries), at: node.at }
}

/** Where a volume or secret of a service ends up. */
function target(item: Located): string {
  if (item.kind === 'map') return text(child(item, 'target')) ?? text(child(item, 'source')) ?? ''
  const parts = (text(item) ?? '').split(':')
  return parts[1] ?? parts[0] ?? ''
}

function text(node: Located | undefined): string | undefined {
  return node?.kind === 'scalar' ? node.text : undefined
}

function without(map: LocatedMap, key: string): LocatedMap {
  return { ...map, entries: new Map([...map.entries].filter(([name]) => name !== key)) }
}
