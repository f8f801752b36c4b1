import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type ParsedBlueprint, parseBlueprint, type UnpackedBlueprint, unpackBlueprint } from '@standin/blueprint'
import { type CreateBuildQuery, type Fault, type Stack, StandinError } from '@standin/client'
import { checkRows, refuseBadRows } from './fixture-rows.ts'

/** What may come out of an upload. */
export const uploadLimits = { bytes: 4 * 1024 ** 3, files: 200_000 }

export interface AcceptedUpload {
  readonly name: string
  /** As the template keeps it. */
  readonly stack: Stack
  /** As the provider gets it. */
  readonly spec: Stack
  readonly warnings: readonly string[]
  readonly blueprintHash: string
  readonly inputs: { readonly hash: string; readonly files: number; readonly bytes: number }
  /** How steps of `provision` reach the network. */
  readonly network: Readonly<Record<string, string>>
  /** Contents of the secrets, to be kept out of messages. */
  readonly secrets: readonly string[]
}

/**
 * Unpack an upload into an empty folder and look at all that can be looked at before anything is made: the blueprint and
 * the rows of its CSV files.
 *
 * @throws StandinError `blueprint_invalid`, `fixture_invalid`, both with all faults; `too_large`, `invalid`, `disk_full`
 */
export async function acceptUpload(stream: Readable, dir: string, query: CreateBuildQuery, provider: string): Promise<AcceptedUpload> {
  const unpacked = await unpackBlueprint(stream, dir, uploadLimits)
  const parsed = parse(dir, unpacked, query, provider)
  const reports = []
  for (const fixture of parsed.stack.fixtures) {
    if (fixture.csv === null) continue
    reports.push({ fixture, report: await checkRows(fixture, createReadStream(join(dir, fixture.csv)), fixture.csv) })
  }
  refuseBadRows(reports)
  const stack = { ...parsed.stack, name: query.name ?? parsed.stack.name }
  const network = unpacked.transport?.network ?? {}
  const { spec, secrets } = await placeSecrets(stack, dir, parsed.lookup)
  return {
    name: stack.name,
    stack,
    spec,
    warnings: parsed.warnings.map(formatFault),
    blueprintHash: createHash('sha256')
      .update(await readFile(join(dir, parsed.file)))
      .digest('hex'),
    inputs: { hash: unpacked.hash, files: unpacked.files, bytes: unpacked.bytes },
    network,
    // A proxy's address may hold a password.
    secrets: [...secrets, ...Object.values(network).filter((value) => value.includes('@'))],
  }
}

function parse(dir: string, { transport }: UnpackedBlueprint, query: CreateBuildQuery, provider: string): ParsedBlueprint {
  const file = query.file ?? transport?.file
  return parseBlueprint({
    dir,
    provider,
    // Never control's own: whoever may build could read them all.
    environment: transport?.variables ?? {},
    defaultName: query.name ?? transport?.name ?? '',
    ...(file === undefined ? {} : { file }),
  })
}

/** Where secrets that came as variables are put, below the unpacked upload. */
const secretsFolder = '.standin/secrets'

/** A provider knows files only: a secret that came as a variable becomes one, for the user alone, beside the blueprint. */
async function placeSecrets(stack: Stack, dir: string, lookup: ParsedBlueprint['lookup']): Promise<{ spec: Stack; secrets: string[] }> {
  const contents: string[] = []
  const placed: Stack['secrets'] = []
  for (const secret of stack.secrets) {
    if (secret.file !== null) {
      contents.push(await readFile(join(dir, secret.file), 'utf8'))
      placed.push(secret)
      continue
    }
    const value = lookup(secret.environment ?? '')
    if (value === undefined) {
      throw new StandinError(
        'blueprint_invalid',
        `the variable ${secret.environment} of the secret "${secret.name}" did not come with the blueprint`,
        {
          hint: 'Send the blueprint with `standin template build`, which sends the variables that it uses',
        },
      )
    }
    const file = `${secretsFolder}/${secret.name}`
    await mkdir(join(dir, secretsFolder), { recursive: true, mode: 0o700 })
    await writeFile(join(dir, file), value, { mode: 0o600, flag: 'wx' })
    contents.push(value)
    placed.push({ name: secret.name, file, environment: null })
  }
  const hosts = stack.hosts.map((host) =>
    host.context?.path === '.' ? { ...host, context: { path: '.', ignore: [...host.context.ignore, '.standin'] } } : host,
  )
  return { spec: { ...stack, hosts, secrets: placed }, secrets: contents }
}

/** Takes secrets out of a text: whole, and line by line where they have several. Short ones would take half of it along. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const parts = secrets.flatMap((secret) => [secret.trim(), ...secret.split('\n').map((line) => line.trim())])
  const words = [...new Set(parts)].filter((part) => part.length >= 6 && part.length <= 10_000).sort((a, b) => b.length - a.length)
  return (text) => words.reduce((rest, word) => rest.replaceAll(word, '***'), text)
}

function formatFault({ file, line, column, message }: Fault): string {
  return `${file}:${line}:${column} ${message}`
}
