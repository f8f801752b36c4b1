import type { Provenance, Stack, Template } from '@standin/client'
import type { Selectable } from 'kysely'
import type { TemplatesTable } from './schema.ts'

export interface TemplateRecord {
  readonly name: string
  readonly version: number
  /** `shop@7` */
  readonly ref: string
  readonly provider: string
  /** What the provider knows its snapshot by. */
  readonly key: string
  readonly createdAt: number
  readonly sizeBytes: number
  readonly stack: Stack
  readonly provenance: Provenance
  /** The label of this name; null where it is missing or empty. */
  readonly project: string | null
}

export interface NewTemplate {
  readonly name: string
  readonly provider: string
  readonly key: string
  readonly sizeBytes: number
  readonly stack: Stack
  readonly provenance: Provenance
  /** Channels to move to it, besides `latest`. */
  readonly channels: readonly string[]
}

/** As the API shows it. */
export function toTemplate(record: TemplateRecord, channels: readonly string[]): Template {
  const { key: _, project: __, createdAt, ...rest } = record
  return { ...rest, channels: [...channels], createdAt: new Date(createdAt).toISOString() }
}

export function toTemplateRecord(row: Selectable<TemplatesTable>): TemplateRecord {
  return {
    name: row.name,
    version: row.version,
    ref: `${row.name}@${row.version}`,
    provider: row.provider,
    key: row.key,
    createdAt: row.created_at,
    sizeBytes: row.size_bytes,
    stack: JSON.parse(row.stack),
    provenance: JSON.parse(row.provenance),
    project: row.project,
  }
}
