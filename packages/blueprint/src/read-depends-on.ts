import type { HostSpec } from '@standin/client'
import type { Position } from './located.ts'
import { type Field, type Reading, readBoolean, readChoice, readFields, readItems, readString } from './reader.ts'

export type Dependency = HostSpec['dependsOn'][number] & { readonly at: Position; readonly path: string }

const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const

/** `depends_on` as a list (all `service_started`) or a mapping. Whether the hosts exist is looked at later. */
export function readDependsOn(reading: Reading, field: Field | undefined): Dependency[] {
  if (field === undefined) return []
  if (field.node.kind !== 'map') {
    return readItems(reading, field).flatMap((item) => {
      const host = readString(reading, item)
      return host === undefined
        ? []
        : [{ host, condition: 'service_started' as const, required: true, restart: false, at: item.node.at, path: item.path }]
    })
  }
  return [...field.node.entries].flatMap(([host, { value, keyAt }]) => {
    const path = `${field.path}.${host}`
    const key = readFields(reading, value, path, 'depends_on.*')
    if (key === undefined) return []
    return {
      host,
      condition: readChoice(reading, key('condition'), conditions) ?? 'service_started',
      required: readBoolean(reading, key('required')) ?? true,
      restart: readBoolean(reading, key('restart')) ?? false,
      at: keyAt,
      path,
    }
  })
}
