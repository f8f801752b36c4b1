import { posix } from 'node:path'
import type { HostSpec, Stack } from '@standin/client'
import { blueprintPath, hostPath } from './blueprint-files.ts'
import { isNull, type LocatedMap } from './located.ts'
import { type Field, type Reading, readFields, readItems, readMap, readString } from './reader.ts'
import { didYouMean } from './suggest.ts'

type Secret = Stack['secrets'][number]

/** The top-level `secrets`: their names and where their contents come from, never the contents. */
export function readSecrets(reading: Reading, root: LocatedMap): Secret[] {
  const secrets: Secret[] = []
  const node = root.entries.get('secrets')?.value
  const map = node === undefined || isNull(node) ? undefined : readMap(reading, node, 'secrets')
  for (const [name, { value, keyAt }] of map?.entries ?? []) {
    const path = `secrets.${name}`
    if (name.startsWith('x-')) continue
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) {
      reading.faults.error(keyAt, path, `"${name}" is no name for a secret; use letters, digits, ".", "_" and "-"`)
      continue
    }
    const field = readFields(reading, value, path, 'secret')
    if (field === undefined) continue
    const file = readString(reading, field('file'))
    const environment = readString(reading, field('environment'))
    // Even one with a fault counts as declared, so that its users are no further faults.
    if ((file === undefined) === (environment === undefined)) {
      reading.faults.error(keyAt, path, 'a secret comes from a "file" or from an "environment" variable: exactly one of them')
      secrets.push({ name, file: null, environment: null })
    } else if (file !== undefined) {
      secrets.push({ name, file: secretFile(reading, field('file'), file), environment: null })
    } else {
      if (reading.lookup(environment ?? '') === undefined) {
        reading.faults.error(
          field('environment')?.node.at ?? keyAt,
          `${path}.environment`,
          `the variable ${environment} of the secret "${name}" is not set`,
        )
      }
      secrets.push({ name, file: null, environment: environment ?? null })
    }
  }
  return secrets
}

function secretFile(reading: Reading, field: Field | undefined, text: string): string | null {
  if (field === undefined) return null
  const resolved = blueprintPath(posix.dirname(field.node.at.file), text)
  if ('error' in resolved) {
    reading.faults.error(field.node.at, field.path, resolved.error)
    return null
  }
  const kind = reading.files.kind(resolved.path)
  if (kind !== 'file') {
    reading.faults.error(
      field.node.at,
      field.path,
      kind === 'outside' ? `"${text}" leads out of the blueprint's folder` : `there is no file "${resolved.path}"`,
    )
    return null
  }
  reading.uses(resolved.path, 'file')
  return resolved.path
}

/** A service's `secrets`, short or long; without a target they are at `/run/secrets/<name>`. */
export function readHostSecrets(reading: Reading, field: Field | undefined, secrets: readonly Secret[]): HostSpec['secrets'] {
  const result: HostSpec['secrets'] = []
  for (const item of readItems(reading, field)) {
    const long = item.node.kind === 'map' ? readFields(reading, item.node, item.path, 'service.secrets.*') : undefined
    const name = readString(reading, long === undefined ? item : long('source'))
    if (name === undefined) {
      if (long !== undefined) reading.faults.error(item.node.at, item.path, 'a secret needs a "source"')
      continue
    }
    if (!secrets.some((secret) => secret.name === name)) {
      const known = secrets.map((secret) => secret.name)
      reading.faults.error(
        item.node.at,
        item.path,
        `the secret "${name}" is not declared${didYouMean(name, known)}; add it below the top-level "secrets"`,
      )
      continue
    }
    const wanted = readString(reading, long?.('target')) ?? name
    const place = hostPath(wanted.startsWith('/') ? wanted : `run/secrets/${wanted}`)
    if ('error' in place) reading.faults.error(item.node.at, item.path, place.error)
    else result.push({ name, target: `/${place.path}` })
  }
  return result
}
