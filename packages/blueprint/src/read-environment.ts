import { posix } from 'node:path'
import { blueprintPath } from './blueprint-files.ts'
import { parseDotenv, parseRawDotenv } from './dotenv.ts'
import { type Field, type Reading, readBoolean, readChoice, readFields, readItems, readString, readStringMap } from './reader.ts'

/** `env_file`s in their order, then `environment` over them. A name without a value takes the builder's, or is left out. */
export function readEnvironment(reading: Reading, environment: Field | undefined, envFile: Field | undefined): Record<string, string> {
  const result = new Map<string, string>()
  const files = envFile?.node.kind === 'map' ? [envFile] : readItems(reading, envFile, true)
  for (const item of files) for (const [name, value] of readEnvFile(reading, item)) result.set(name, value)
  for (const [name, { value, at }] of readStringMap(reading, environment)) {
    if (name === '' || /[=\0]/.test(name)) {
      reading.faults.error(at, environment?.path ?? '', `"${name}" is no name of a variable`)
    } else if (value?.includes('\0')) {
      reading.faults.error(at, environment?.path ?? '', `the value of ${name} holds a NUL character`)
    } else if (value !== null) result.set(name, value)
    else {
      const inherited = reading.lookup(name)
      if (inherited !== undefined) result.set(name, inherited)
    }
  }
  return Object.fromEntries(result)
}

function readEnvFile(reading: Reading, item: Field): ReadonlyMap<string, string> {
  const long = item.node.kind === 'map' ? readFields(reading, item.node, item.path, 'env_file.*') : undefined
  const text = readString(reading, long === undefined ? item : long('path'))
  if (text === undefined) {
    if (long !== undefined) reading.faults.error(item.node.at, item.path, 'an env_file needs a "path"')
    return new Map()
  }
  const required = readBoolean(reading, long?.('required')) ?? true
  const raw = readChoice(reading, long?.('format'), ['raw']) === 'raw'
  const resolved = blueprintPath(posix.dirname(item.node.at.file), text)
  if ('error' in resolved) {
    reading.faults.error(item.node.at, item.path, resolved.error)
    return new Map()
  }
  const kind = reading.files.kind(resolved.path)
  if (kind === 'missing' && !required) return new Map()
  const content = kind === 'file' ? reading.files.read(resolved.path) : null
  if (content === null) {
    const reason =
      kind === 'outside'
        ? 'it leads out of the blueprint’s folder'
        : kind === 'file'
          ? 'it is larger than 1 MiB, or not yours to read'
          : 'there is no such file'
    reading.faults.error(item.node.at, item.path, `the env_file "${resolved.path}" can not be read: ${reason}`)
    return new Map()
  }
  reading.uses(resolved.path, 'file')
  const { values, faults } = raw ? parseRawDotenv(content) : parseDotenv(content, reading.lookup)
  for (const fault of faults)
    reading.faults.error({ file: resolved.path, line: fault.line, column: fault.column }, item.path, fault.message)
  return values
}
