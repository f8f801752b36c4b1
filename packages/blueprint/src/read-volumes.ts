import { namePattern } from '@standin/client'
import { isNull, type LocatedMap } from './located.ts'
import { type Reading, readFields, readMap } from './reader.ts'

const label = new RegExp(namePattern)

/**
 * The named volumes of a blueprint. A name that is no DNS label but can be made one (`db_data`) becomes it: nothing but the
 * blueprint ever speaks of it.
 */
export class Volumes {
  readonly #names = new Map<string, string>()

  add(key: string, name: string): void {
    this.#names.set(key, name)
  }

  /** What the volume of this key is called. */
  name(key: string): string | undefined {
    return this.#names.get(key)
  }

  anonymous(host: string, target: string): string {
    const wanted = toLabel(`${host}${target}`)
    const taken = new Set(this.#names.values())
    let name = wanted
    for (let count = 2; taken.has(name); count++) name = `${wanted.slice(0, 58)}-${count}`
    this.#names.set(`${host}:${target}`, name)
    return name
  }

  get declared(): Iterable<string> {
    return this.#names.keys()
  }

  get all(): string[] {
    return [...this.#names.values()]
  }
}

export function readVolumes(reading: Reading, root: LocatedMap): Volumes {
  const volumes = new Volumes()
  const node = root.entries.get('volumes')?.value
  const map = node === undefined || isNull(node) ? undefined : readMap(reading, node, 'volumes')
  for (const [key, { value, keyAt }] of map?.entries ?? []) {
    if (key.startsWith('x-')) continue
    if (!isNull(value)) readFields(reading, value, `volumes.${key}`, 'volume')
    const name = toLabel(key)
    if (!label.test(name))
      reading.faults.error(keyAt, `volumes.${key}`, `"${key}" is no name for a volume; use lower-case letters, digits and hyphens`)
    else if (volumes.all.includes(name))
      reading.faults.error(keyAt, `volumes.${key}`, `the volume "${key}" would have the same name as another one: ${name}`)
    else volumes.add(key, name)
  }
  return volumes
}

function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
}
