import { posix } from 'node:path'
import type { HostSpec } from '@standin/client'
import { blueprintPath, hostPath } from './blueprint-files.ts'
import type { Volumes } from './read-volumes.ts'
import { type Field, type Reading, readBoolean, readChoice, readFields, readItems, readString } from './reader.ts'
import { didYouMean } from './suggest.ts'

type Mount = HostSpec['mounts'][number]

/**
 * The `volumes` of a service. A named volume is a data unit of the clone; a bind is a read-only file or folder of the
 * blueprint, since what a host could write outside of its template can't be cloned.
 */
export function readMounts(reading: Reading, host: string, field: Field | undefined, volumes: Volumes): Mount[] {
  const mounts: Mount[] = []
  for (const item of readItems(reading, field)) {
    const parts = item.node.kind === 'map' ? longMount(reading, item) : shortMount(reading, item)
    if (parts === undefined) continue
    const mount = toMount(reading, host, item, parts, volumes)
    if (mount === undefined) continue
    if (mounts.some((other) => other.target === mount.target)) {
      reading.faults.error(item.node.at, item.path, `"${mount.target}" has two volumes; a place holds one`)
    } else mounts.push(mount)
  }
  return mounts
}

interface Parts {
  readonly kind: 'volume' | 'bind'
  /** Null: an anonymous volume. */
  readonly source: string | null
  readonly target: string
  readonly readOnly: boolean
}

/** `[source:]target[:mode]` */
function shortMount(reading: Reading, item: Field): Parts | undefined {
  const text = readString(reading, item)
  if (text === undefined) return undefined
  const parts = text.split(':')
  if (parts.length > 3 || parts.some((part) => part === '')) {
    reading.faults.error(item.node.at, item.path, `"${text}" is not [source:]target[:ro]`)
    return undefined
  }
  if (parts.length === 1) return { kind: 'volume', source: null, target: text, readOnly: false }
  const [source = '', target = '', mode = 'rw'] = parts
  const modes = mode.split(',')
  const unknown = modes.find((word) => !['ro', 'rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'nocopy'].includes(word))
  if (unknown !== undefined) reading.faults.error(item.node.at, item.path, `"${unknown}" is no mode of a volume; there are ro and rw`)
  // As Compose tells them apart: what looks like a path is a bind.
  const kind = /^[./~]/.test(source) || /^[A-Za-z]$/.test(source) ? 'bind' : 'volume'
  return { kind, source, target, readOnly: modes.includes('ro') }
}

function longMount(reading: Reading, item: Field): Parts | undefined {
  const field = readFields(reading, item.node, item.path, 'volumes.*')
  if (field === undefined) return undefined
  if (field('type') === undefined) {
    reading.faults.error(item.node.at, item.path, 'a volume in long form needs a "type": volume or bind')
    return undefined
  }
  const type = readChoice(reading, field('type'), ['volume', 'bind', 'tmpfs', 'image', 'npipe', 'cluster'])
  if (type === 'tmpfs') {
    reading.faults.warn(item.node.at, item.path, 'a tmpfs is ignored: write below the host’s directory, or use $TMPDIR')
    return undefined
  }
  if (type === 'image' || type === 'npipe' || type === 'cluster') {
    reading.faults.error(item.node.at, item.path, `a volume of type ${type} is not supported: its data can not be cloned`)
    return undefined
  }
  const target = readString(reading, field('target'))
  if (target === undefined) reading.faults.error(item.node.at, item.path, 'a volume needs a "target"')
  const source = readString(reading, field('source')) ?? null
  if (type === 'bind' && source === null) reading.faults.error(item.node.at, item.path, 'a bind needs a "source"')
  const readOnly = readBoolean(reading, field('read_only')) ?? false
  return type === undefined || target === undefined || (type === 'bind' && source === null)
    ? undefined
    : { kind: type, source, target, readOnly }
}

function toMount(reading: Reading, host: string, item: Field, parts: Parts, volumes: Volumes): Mount | undefined {
  const fail = (message: string) => {
    reading.faults.error(item.node.at, item.path, message)
    return undefined
  }
  const place = hostPath(parts.target)
  if ('error' in place) return fail(place.error)
  if (place.path === '.') return fail('a volume needs a place of its own, not the whole host')
  const target = `/${place.path}`
  if (parts.kind === 'bind') {
    const source = parts.source ?? ''
    const resolved = blueprintPath(posix.dirname(item.node.at.file), source)
    if ('error' in resolved) return fail(resolved.error)
    if (!parts.readOnly) {
      return fail(`the bind "${source}" is writable and what is written there could not be cloned; add :ro, or use a named volume`)
    }
    const kind = reading.files.kind(resolved.path)
    if (kind === 'outside') return fail(`"${source}" leads out of the blueprint's folder`)
    if (kind !== 'file' && kind !== 'folder') return fail(`there is no file or folder "${resolved.path}" to bind`)
    reading.uses(resolved.path, kind)
    return { kind: 'bind', source: resolved.path, target, readOnly: true }
  }
  if (parts.source === null) {
    const source = volumes.anonymous(host, target)
    reading.faults.warn(item.node.at, item.path, `an anonymous volume: it is kept as "${source}"; a name of yours is easier to find`)
    return { kind: 'volume', source, target, readOnly: parts.readOnly }
  }
  const source = volumes.name(parts.source)
  if (source === undefined) {
    const meant = didYouMean(parts.source, volumes.declared)
    return fail(`the volume "${parts.source}" is not declared${meant}; add it below the top-level "volumes"`)
  }
  return { kind: 'volume', source, target, readOnly: parts.readOnly }
}
