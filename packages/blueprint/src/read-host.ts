import { constants } from 'node:os'
import { posix } from 'node:path'
import type { HostSpec, Stack } from '@standin/client'
import { blueprintPath, hostPath } from './blueprint-files.ts'
import { ignorePatterns } from './ignore-rules.ts'
import type { Located, Position } from './located.ts'
import { type Dependency, readDependsOn } from './read-depends-on.ts'
import { readReplicas, readResources, readRestart } from './read-deploy.ts'
import { readEnvironment } from './read-environment.ts'
import { readHealthCheck } from './read-health-check.ts'
import { readMounts } from './read-mounts.ts'
import { readPorts } from './read-ports.ts'
import { readHostSecrets } from './read-secrets.ts'
import type { Volumes } from './read-volumes.ts'
import { type Field, type Reading, readDuration, readFields, readItems, readString, wrong } from './reader.ts'
import { splitShellWords } from './shell-words.ts'

/** A host, with where its dependencies stand, for the checks between hosts. */
export interface ReadHost {
  readonly spec: HostSpec
  readonly at: Position
  readonly dependencies: readonly Dependency[]
  /** It says something about its health check, if only that there is none. */
  readonly hasHealthCheck: boolean
}

type Key = (name: string) => Field | undefined

/** One service of the Compose file, its `extends` already merged, as a host with every default filled in. */
export function readHost(
  reading: Reading,
  name: string,
  node: Located,
  at: Position,
  volumes: Volumes,
  secrets: Stack['secrets'],
): ReadHost | undefined {
  const path = `services.${name}`
  const key = readFields(reading, node, path, 'service')
  if (key === undefined) return undefined
  const context = readContext(reading, key('build'), secrets)
  readImage(reading, name, key('image'), key('build') !== undefined)
  const command = [...readWords(reading, key('entrypoint')), ...readWords(reading, key('command'))]
  // A refused image is one fault, and so is a command that can't be split.
  if (
    command.length === 0 &&
    key('command') === undefined &&
    key('entrypoint') === undefined &&
    (key('image') === undefined || key('build') !== undefined)
  ) {
    reading.faults.error(at, path, `the service "${name}" needs a "command" or an "entrypoint": no Dockerfile is read`)
  }
  const ports = readPorts(reading, key('ports'), key('expose'))
  const mounts = readMounts(reading, name, key('volumes'), volumes)
  const dependencies = readDependsOn(reading, key('depends_on'))
  const spec: HostSpec = {
    name,
    replicas: readReplicas(reading, key('scale'), key('deploy')),
    context,
    command,
    workingDir: readWorkingDir(reading, key('working_dir'), context, mounts),
    environment: readEnvironment(reading, key('environment'), key('env_file')),
    ports,
    mounts,
    secrets: readHostSecrets(reading, key('secrets'), secrets),
    dependsOn: dependencies.map(({ host, condition, required, restart }) => ({ host, condition, required, restart })),
    healthCheck: readHealthCheck(reading, key('healthcheck'), ports),
    restart: readRestart(reading, key('restart'), key('deploy')),
    stopSignal: readStopSignal(reading, key('stop_signal')),
    stopGraceMs: readDuration(reading, key('stop_grace_period')) ?? 10_000,
    resources: readResources(reading, key('cpus'), key('mem_limit'), key('deploy')),
  }
  return { spec, at, dependencies, hasHealthCheck: key('healthcheck') !== undefined }
}

function readContext(reading: Reading, build: Field | undefined, secrets: Stack['secrets']): HostSpec['context'] {
  if (build === undefined) return null
  let field: Field | undefined = build
  if (build.node.kind === 'map') {
    const key: Key | undefined = readFields(reading, build.node, build.path, 'build')
    field = key?.('context')
    // Compose's default: the folder of the file itself.
    if (field === undefined) return contextAt(reading, build, '.', secrets)
  }
  const text = readString(reading, field)
  return text === undefined || field === undefined ? null : contextAt(reading, field, text, secrets)
}

function contextAt(reading: Reading, field: Field, text: string, secrets: Stack['secrets']): HostSpec['context'] {
  const resolved = blueprintPath(posix.dirname(field.node.at.file), text)
  if ('error' in resolved) {
    reading.faults.error(field.node.at, field.path, resolved.error)
    return null
  }
  const { path } = resolved
  const kind = reading.files.kind(path)
  if (kind !== 'folder') {
    const reason =
      kind === 'outside'
        ? `"${text}" leads out of the blueprint's folder`
        : kind === 'file'
          ? `"${path}" is a file; a build context is a folder`
          : `there is no folder "${path}"`
    reading.faults.error(field.node.at, field.path, reason)
    return null
  }
  reading.uses(path, 'folder')
  const ignore = ignorePatterns(reading.files.read(posix.join(path, '.dockerignore')) ?? '')
  // A secret is for the hosts that list it; a copy in the context would be for everybody who can list a directory.
  for (const { file } of secrets) {
    const inside = file === null ? '..' : posix.relative(path, file)
    if (!inside.startsWith('..')) ignore.push(inside)
  }
  return { path, ignore }
}

/** Providers that run images; none does yet. */
const imageProviders: readonly string[] = []

function readImage(reading: Reading, name: string, image: Field | undefined, builds: boolean): void {
  if (image === undefined || readString(reading, image) === undefined || imageProviders.includes(reading.provider)) return
  if (builds) {
    reading.faults.warn(image.node.at, image.path, '"image" is ignored beside "build": it would only name what is built')
    return
  }
  reading.faults.error(
    image.node.at,
    image.path,
    `"image" of "${name}" can not run on the provider "${reading.provider}": it starts programs of this machine and has no images; write "build" with a folder and a "command"`,
  )
}

function readWords(reading: Reading, field: Field | undefined): string[] {
  if (field === undefined) return []
  if (field.node.kind !== 'scalar') {
    return readItems(reading, field, true).flatMap((item) => {
      const word = readString(reading, item)
      if (word?.includes('\0')) reading.faults.error(item.node.at, item.path, 'the word holds a NUL character')
      return word ?? []
    })
  }
  const result = splitShellWords(field.node.text)
  if ('error' in result) {
    reading.faults.error(field.node.at, field.path, result.error)
    return []
  }
  return [...result.words]
}

function readWorkingDir(reading: Reading, field: Field | undefined, context: HostSpec['context'], mounts: HostSpec['mounts']): string {
  const text = readString(reading, field)
  if (text === undefined || field === undefined) return '.'
  const place = hostPath(text)
  if ('error' in place) {
    reading.faults.error(field.node.at, field.path, place.error)
    return '.'
  }
  const mounted = mounts.some(({ target }) => `/${place.path}`.startsWith(target))
  if (
    context !== null &&
    place.path !== '.' &&
    !place.path.includes('${') &&
    !mounted &&
    reading.files.kind(posix.join(context.path, place.path)) !== 'folder'
  ) {
    reading.faults.warn(
      field.node.at,
      field.path,
      `there is no folder "${place.path}" in the context "${context.path}", which is copied to the top of the host's directory; it will be made, and be empty`,
    )
  }
  return place.path
}

function readStopSignal(reading: Reading, field: Field | undefined): string {
  const text = readString(reading, field)?.toUpperCase()
  if (text === undefined || field === undefined) return 'SIGTERM'
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0]
  const signal = byNumber ?? (text.startsWith('SIG') ? text : `SIG${text}`)
  if (signal in constants.signals) return signal
  wrong(reading, field.node, field.path, 'a signal, such as SIGINT')
  return 'SIGTERM'
}
