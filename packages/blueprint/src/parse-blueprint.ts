import { basename, posix, resolve } from 'node:path'
import { type Fault, namePattern, type Stack, StandinError } from '@standin/client'
import { type BlueprintFiles, folderFiles, memoryFiles } from './blueprint-files.ts'
import { parseDotenv } from './dotenv.ts'
import { Faults } from './faults.ts'

import { isInstanceVariable, type Lookup } from './interpolate.ts'
import { child, type Located, type LocatedMap, nodeAt } from './located.ts'
import { readHosts } from './read-hosts.ts'
import { readSecrets } from './read-secrets.ts'
import { readVolumes } from './read-volumes.ts'
import { emptyStandinPart, readXStandin } from './read-x-standin.ts'
import { readYaml } from './read-yaml.ts'
import { type Reading, readFields, readString } from './reader.ts'
import { checkBusy, checkDependencies, defaultPublish, settleHosts } from './stack-rules.ts'

export interface ParseOptions {
  /** The blueprint's folder. Nothing outside of it is ever read. */
  readonly dir?: string
  /** Or its files in memory: path to text. */
  readonly files?: Readonly<Record<string, string>>
  /** The blueprint file within the folder; default: the first there is of `blueprintNames`. */
  readonly file?: string
  /** Variables of who builds; they win over those of `.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Id of the provider that the template is for; default `process`. */
  readonly provider?: string
  /** Name of the template where the blueprint says none; default: the folder's. */
  readonly defaultName?: string
}

/** A file or folder that the blueprint needs; a folder without what `ignore` (lines of a `.dockerignore`) names. */
export interface BlueprintInput {
  readonly path: string
  readonly kind: 'file' | 'folder'
  readonly ignore: readonly string[]
}

export interface ParsedBlueprint {
  readonly stack: Stack
  /** What was ignored or looks wrong, each with its place. */
  readonly warnings: readonly Fault[]
  /** The blueprint file, relative to the folder. */
  readonly file: string
  readonly inputs: readonly BlueprintInput[]
  /** Those of `environment` that were used: what has to travel with the blueprint for it to be read again elsewhere. */
  readonly variables: Readonly<Record<string, string>>
  /** The value of a variable as the blueprint sees it, `.env` included: what its secrets are read by. */
  readonly lookup: Lookup
}

export const blueprintNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const

const label = new RegExp(namePattern)

/**
 * Read a blueprint: a Compose file (in the profile of `profile.ts`) with an `x-standin` block.
 *
 * @throws StandinError `blueprint_invalid` with every fault at once, each with file, line and column.
 */
export function parseBlueprint(options: ParseOptions): ParsedBlueprint {
  const files = openFiles(options)
  const faults = new Faults()
  const file = blueprintFile(files, options)
  const folder = posix.dirname(file)
  const inputs = new Map<string, BlueprintInput>([[file, { path: file, kind: 'file', ignore: [] }]])
  const variables: Record<string, string> = Object.create(null)
  const given: Lookup = (name) => {
    if (isInstanceVariable(name)) return undefined
    const value = options.environment !== undefined && Object.hasOwn(options.environment, name) ? options.environment[name] : undefined
    if (value !== undefined) variables[name] = value
    return value
  }
  const dotenv = readDotenv(files, posix.join(folder, '.env'), given, faults, inputs)
  const reading: Reading = {
    faults,
    files,
    lookup: (name) => given(name) ?? dotenv.get(name),
    provider: options.provider ?? 'process',
    uses: (path, kind) => inputs.set(`${kind} ${path}`, { path, kind, ignore: [] }),
  }
  const loaded = new Map<string, LocatedMap | undefined>()
  const load = (path: string): LocatedMap | undefined => {
    if (!loaded.has(path)) loaded.set(path, readYaml(files.read(path) ?? '', path, reading.lookup, faults))
    return loaded.get(path)
  }
  const root = load(file)
  const stack = root === undefined ? undefined : readStack(reading, load, root, file, options)
  faults.throwIfAny(file)
  if (stack === undefined) throw new StandinError('blueprint_invalid', `${file} can not be read`)
  for (const { context } of stack.hosts) {
    if (context !== null) inputs.set(`folder ${context.path}`, { path: context.path, kind: 'folder', ignore: context.ignore })
  }
  return { stack, warnings: faults.warnings, file, inputs: [...inputs.values()], variables: { ...variables }, lookup: reading.lookup }
}

function openFiles(options: ParseOptions): BlueprintFiles {
  if (options.files !== undefined) return memoryFiles(options.files)
  try {
    return folderFiles(options.dir ?? '.')
  } catch (cause) {
    throw new StandinError('blueprint_invalid', `there is no folder ${options.dir ?? '.'}`, {
      hint: 'Name a folder that has a compose.yaml',
      cause,
    })
  }
}

function blueprintFile(files: BlueprintFiles, options: ParseOptions): string {
  const found = options.file === undefined ? blueprintNames.find((name) => files.kind(name) === 'file') : posix.normalize(options.file)
  const where = options.dir ?? 'the blueprint'
  if (found === undefined) {
    throw new StandinError('blueprint_invalid', `there is no ${blueprintNames[0]} in ${where}`, {
      hint: `Put one there, or name another file; these are looked for: ${blueprintNames.join(', ')}`,
    })
  }
  if (found.startsWith('../') || found.startsWith('/') || files.kind(found) !== 'file' || files.read(found) === null) {
    throw new StandinError('blueprint_invalid', `${found} is no file of ${where}, or larger than 1 MiB`, {
      hint: 'Name a Compose file within the folder',
    })
  }
  return found
}

function readDotenv(
  files: BlueprintFiles,
  path: string,
  given: Lookup,
  faults: Faults,
  inputs: Map<string, BlueprintInput>,
): ReadonlyMap<string, string> {
  const text = files.read(path)
  if (text === null) return new Map()
  inputs.set(path, { path, kind: 'file', ignore: [] })
  const { values, faults: found } = parseDotenv(text, given)
  for (const { line, column, message } of found) faults.error({ file: path, line, column }, '', message)
  return values
}

function readStack(
  reading: Reading,
  load: (path: string) => LocatedMap | undefined,
  root: LocatedMap,
  file: string,
  options: ParseOptions,
): Stack {
  const key = readFields(reading, root, '', 'blueprint')
  const volumes = readVolumes(reading, root)
  const secrets = readSecrets(reading, root)
  const { hosts, inactive } = readHosts(reading, load, root, file, volumes, secrets)
  checkDependencies(reading, hosts, inactive)
  const block = key?.('x-standin')
  const specs = [...hosts.values()].map((host) => host.spec)
  const standin = block === undefined ? emptyStandinPart : readXStandin(reading, block.node, specs)
  const says = block?.node.kind === 'map' && child(block.node, 'publish') !== undefined
  const publish = says ? standin.publish : defaultPublish(reading, hosts, block?.node.at ?? root.at)
  if (standin.busy !== undefined && block !== undefined) checkBusy(reading, standin.busy, publish, nodeAt(block.node, '/busy').at)
  return {
    name: stackName(reading, standin.name, key?.('name'), options, file),
    hosts: settleHosts(hosts, publish).map((host) => host.spec),
    volumes: volumes.all,
    secrets,
    publish,
    ...(standin.probes === undefined ? {} : { probes: standin.probes }),
    phases: standin.phases,
    fixtures: standin.fixtures,
    checks: standin.checks,
    launch: standin.launch,
    suspendAfterMs: standin.suspendAfterMs,
    ...(standin.busy === undefined ? {} : { busy: standin.busy }),
    labels: standin.labels,
  }
}

function stackName(
  reading: Reading,
  own: string | undefined,
  compose: { node: Located; path: string } | undefined,
  options: ParseOptions,
  file: string,
): string {
  if (own !== undefined) return own
  const said = readString(reading, compose)
  if (said !== undefined && compose !== undefined) {
    if (!label.test(said))
      reading.faults.error(
        compose.node.at,
        'name',
        `"${said}" is no name for a template: it is a DNS label of lower-case letters, digits and hyphens`,
      )
    return said
  }
  const folder = options.defaultName ?? (options.dir === undefined ? '' : basename(resolve(options.dir)))
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  if (!label.test(name)) {
    reading.faults.error({ file, line: 1, column: 1 }, 'name', 'the template has no name; write one as "name"')
    return 'unnamed'
  }
  return name
}
