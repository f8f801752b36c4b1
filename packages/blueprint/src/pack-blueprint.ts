import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { namePattern } from '@standin/client'
import { Header, Pack, ReadEntry } from 'tar'
import { listInputs } from './list-inputs.ts'
import { type ParsedBlueprint, type ParseOptions, parseBlueprint } from './parse-blueprint.ts'
import { pickNetwork, type Transport, transportPath } from './transport.ts'

export interface PackedBlueprint extends ParsedBlueprint {
  /** A gzipped tar: the body of `POST /v1/builds`. */
  readonly stream: Readable
  /** Paths in it. */
  readonly paths: readonly string[]
}

/**
 * Check a blueprint and pack what it needs: the blueprint file and those it extends, `.env` and env files, build contexts
 * without what their `.dockerignore` leaves out, binds, secret files, fixtures; and the variables that it uses.
 *
 * @throws StandinError `blueprint_invalid`
 */
export async function packBlueprint(options: ParseOptions & { readonly dir: string }): Promise<PackedBlueprint> {
  const dir = resolve(options.dir)
  const parsed = parseBlueprint({ ...options, dir })
  const paths = await listInputs(dir, parsed.inputs)
  const name = options.defaultName ?? basename(dir).toLowerCase()
  const transport: Transport = {
    file: parsed.file,
    name: new RegExp(namePattern).test(name) ? name : parsed.stack.name,
    variables: { ...parsed.variables },
    network: pickNetwork(options.environment ?? {}),
  }
  return { ...parsed, paths, stream: Readable.from(tarball(dir, paths, transport), { objectMode: false }) }
}

/** Nothing is opened before it is read. */
async function* tarball(dir: string, paths: readonly string[], transport: Transport): AsyncGenerator<Buffer> {
  // `portable` keeps the packer's user, group and times out of it.
  const pack = new Pack({ cwd: dir, portable: true, noDirRecurse: true, strict: true })
  const gzip = createGzip({ level: 1 })
  pack.on('error', (error) => gzip.destroy(error instanceof Error ? error : new Error(String(error))))
  pack.pipe(gzip)
  const body = Buffer.from(JSON.stringify(transport))
  const header = new Header({ path: transportPath, type: 'File', mode: 0o600, size: body.length, mtime: new Date(0) })
  const entry = new ReadEntry(header)
  pack.add(entry)
  entry.end(body)
  // A leading "@" would name an archive to take apart.
  for (const path of paths) pack.add(`./${path}`)
  pack.end()
  yield* gzip as AsyncIterable<Buffer>
}
