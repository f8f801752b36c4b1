import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { StandinError } from '@standin/client'
import { Header } from 'tar'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packBlueprint } from './pack-blueprint.ts'
import { parseBlueprint } from './parse-blueprint.ts'
import { type UnpackLimits, unpackBlueprint } from './unpack-blueprint.ts'

let dir: string
let out: string
/** Nothing but `out` may ever be in it. */
let around: string
const limits: UnpackLimits = { bytes: 10_000_000, files: 1000 }

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-pack-'))
  around = mkdtempSync(join(tmpdir(), 'standin-unpack-'))
  out = join(around, 'out')
  mkdirSync(out)
})
afterEach(() => {
  for (const each of [dir, around]) rmSync(each, { recursive: true, force: true })
})

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

function readlinkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const tree = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).toSorted()

async function refusal(work: Promise<unknown>): Promise<StandinError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof StandinError) return error
  throw new Error(`not refused but ${String(error)}`)
}

const blueprint = `services:
  web:
    build: ./web
    command: node server.mjs
    env_file: conf/web.env
    volumes: [./conf/nginx.conf:/etc/nginx.conf:ro]
    environment: {GREETING: "\${GREETING:-hi}"}
    secrets: [key, token]
secrets: {key: {file: keys/key.txt}, token: {environment: TOKEN}}
`

describe('packBlueprint and unpackBlueprint', () => {
  it('take along what the blueprint needs, and nothing else', async () => {
    write({
      'compose.yaml': blueprint,
      'web/server.mjs': 'x',
      'web/lib/a.js': 'a',
      'web/node_modules/dep/index.js': 'dep',
      'web/debug.log': 'no',
      'web/.dockerignore': '*.log\n',
      'conf/web.env': 'A=1',
      'conf/nginx.conf': 'server {}',
      'conf/other.conf': 'no',
      'keys/key.txt': 'hunter2',
      '.env': 'GREETING=hello',
      'README.md': 'no',
      '.git/HEAD': 'no',
    })
    mkdirSync(join(dir, 'web/empty'))
    symlinkSync('../web/lib/a.js', join(dir, 'web/link'))
    const packed = await packBlueprint({ dir, environment: { TOKEN: 's3cret', UNUSED: 'x' } })
    const unpacked = await unpackBlueprint(packed.stream, out, limits)
    expect(tree(out)).toEqual(
      [
        '.env',
        'compose.yaml',
        'conf',
        'conf/nginx.conf',
        'conf/web.env',
        'keys',
        'keys/key.txt',
        'web',
        'web/.dockerignore',
        'web/empty',
        'web/lib',
        'web/lib/a.js',
        'web/link',
        'web/node_modules',
        'web/node_modules/dep',
        'web/node_modules/dep/index.js',
        'web/server.mjs',
      ].toSorted(),
    )
    expect(readlinkSync(join(out, 'web/link'))).toBe('../web/lib/a.js')
    expect(unpacked).toMatchObject({ files: 9, transport: { file: 'compose.yaml', variables: { TOKEN: 's3cret' } } })
    const again = parseBlueprint({ dir: out, environment: unpacked.transport?.variables ?? {}, defaultName: packed.stack.name })
    expect(again.stack).toEqual(packed.stack)
  })

  it('never write the variables to the disk', async () => {
    write({ 'compose.yaml': blueprint, 'web/a': '', 'conf/web.env': '', 'conf/nginx.conf': '', 'keys/key.txt': 'k' })
    const { stream } = await packBlueprint({ dir, environment: { TOKEN: 's3cret-value' } })
    await unpackBlueprint(stream, out, limits)
    const files = tree(out).filter((path) => statSync(join(out, path)).isFile())
    expect(files.map((path) => readFileSync(join(out, path), 'utf8')).join()).not.toContain('s3cret-value')
    expect(files).not.toContain('.standin/request.json')
  })

  it('keep the owner’s permissions only', async () => {
    write({ 'compose.yaml': 'services: {web: {build: ., command: ./run}}', run: '#!/bin/sh' })
    const { stream } = await packBlueprint({ dir, defaultName: 'x' })
    await unpackBlueprint(stream, out, limits)
    expect(statSync(join(out, 'compose.yaml')).mode & 0o777).toBe(0o600)
    expect(statSync(out).mode & 0o777).toBe(0o700)
  })

  it('give the same hash for the same content, and another one for another', async () => {
    write({ 'compose.yaml': 'services: {web: {build: ., command: ./run}}', a: '1' })
    const hash = async () => {
      rmSync(out, { recursive: true })
      mkdirSync(out)
      return (await unpackBlueprint((await packBlueprint({ dir, defaultName: 'x' })).stream, out, limits)).hash
    }
    const first = await hash()
    expect(await hash()).toBe(first)
    write({ a: '2' })
    expect(await hash()).not.toBe(first)
  })

  it('refuse a context with a link out of the blueprint', async () => {
    write({ 'compose.yaml': 'services: {web: {build: app, command: run}}', 'app/a': '' })
    symlinkSync('/etc/passwd', join(dir, 'app/passwd'))
    expect(await refusal(packBlueprint({ dir }))).toMatchObject({
      code: 'blueprint_invalid',
      message: expect.stringContaining('app/passwd'),
    })
  })

  it('refuse to read through a link that leads out', async () => {
    write({ 'compose.yaml': 'services: {web: {command: run, env_file: x.env, volumes: ["./passwd:/p:ro"]}}' })
    symlinkSync('/etc/hostname', join(dir, 'x.env'))
    symlinkSync('/etc/passwd', join(dir, 'passwd'))
    const { errors } = await refusal(packBlueprint({ dir }))
    expect(errors?.map((fault) => fault.message)).toEqual([
      'the env_file "x.env" can not be read: it leads out of the blueprint’s folder',
      '"./passwd" leads out of the blueprint\'s folder',
    ])
  })
})

/** A tar with these entries, as somebody with bad intentions would write it. */
function tar(
  ...entries: {
    path: string
    type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'FIFO' | 'CharacterDevice'
    linkpath?: string
    body?: string
    mode?: number
  }[]
): Buffer {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, body = '', mode = 0o644 }) => {
    const header = new Header({
      path,
      type,
      mode,
      size: Buffer.byteLength(body),
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : { linkpath }),
    })
    const block = Buffer.alloc(512)
    header.encode(block, 0)
    const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(body) / 512) * 512)
    padded.write(body)
    return [block, padded]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

const unpack = (archive: Buffer, more: Partial<UnpackLimits> = {}) => unpackBlueprint(Readable.from([archive]), out, { ...limits, ...more })

describe('unpackBlueprint', () => {
  it.each<[string, Parameters<typeof tar>]>([
    ['an absolute path', [{ path: '/tmp/standin-evil' }]],
    ['a path upwards', [{ path: '../evil' }]],
    ['a path upwards in the middle', [{ path: 'a/../../evil' }]],
    ['a backslash', [{ path: '..\\evil' }]],
    ['a link to an absolute path', [{ path: 'a', type: 'SymbolicLink', linkpath: '/etc/passwd' }]],
    ['a link upwards', [{ path: 'd/a', type: 'SymbolicLink', linkpath: '../../evil' }]],
    ['a hard link', [{ path: 'a', type: 'Link', linkpath: '/etc/passwd' }]],
    ['a FIFO', [{ path: 'a', type: 'FIFO' }]],
    ['a device', [{ path: 'a', type: 'CharacterDevice' }]],
    [
      'a path twice',
      [
        { path: 'a', body: '1' },
        { path: 'a', body: '2' },
      ],
    ],
    [
      'a file in the place of a folder',
      [
        { path: 'a/b', body: '1' },
        { path: 'a', body: '2' },
      ],
    ],
    [
      'writing through a link',
      [
        { path: 'a', type: 'SymbolicLink', linkpath: 'b' },
        { path: 'a/c', body: 'x' },
      ],
    ],
    ['a reserved path', [{ path: '.standin/secrets/key', body: 'x' }]],
    ['variables that are none', [{ path: '.standin/request.json', body: '{"variables":1}' }]],
  ])('refuses %s', async (_, entries) => {
    const error = await refusal(unpack(gzipSync(tar(...entries))))
    expect(error.code).toBe('invalid')
    expect(readdirSync(around)).toEqual(['out'])
    expect(tree(out).some((path) => path.includes('evil'))).toBe(false)
  })

  it('strips what only the superuser may give', async () => {
    await unpack(gzipSync(tar({ path: 'a', mode: 0o6777 })))
    expect(statSync(join(out, 'a')).mode & 0o7777).toBe(0o700)
  })

  it.each<[string, () => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['noise', () => Buffer.from('this is no archive at all')],
    ['gzipped noise', () => gzipSync(Buffer.alloc(3000, 'x'))],
    ['half an archive', () => gzipSync(tar({ path: 'a', body: 'x'.repeat(5000) })).subarray(0, 60)],
    ['a tar that ends in the middle', () => gzipSync(gunzipSync(gzipSync(tar({ path: 'a', body: 'x'.repeat(5000) }))).subarray(0, 2000))],
  ])('refuses %s', async (_, archive) => {
    expect((await refusal(unpack(archive()))).code).toBe('invalid')
  })

  it('refuses what grows too large, before it fills the disk', async () => {
    const bomb = gzipSync(tar({ path: 'zeros', body: '\0'.repeat(5_000_000) }))
    expect(bomb.length).toBeLessThan(20_000)
    expect(await refusal(unpack(bomb, { bytes: 1_000_000 }))).toMatchObject({
      code: 'too_large',
      message: 'the blueprint has more than 1000000 bytes',
    })
    expect(statSync(join(out, 'zeros'), { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(1_100_000)
  })

  it('refuses too many files', async () => {
    const many = gzipSync(tar(...Array.from({ length: 30 }, (_, index) => ({ path: `f${index}` }))))
    expect(await refusal(unpack(many, { files: 20 }))).toMatchObject({ code: 'too_large' })
  })

  it('leaves no file open where it gives up in the middle of one', async () => {
    const open = () =>
      readdirSync('/proc/self/fd')
        .map((fd) => readlinkOf(join('/proc/self/fd', fd)))
        .filter((path) => path.startsWith(around))
    await refusal(unpack(gzipSync(tar({ path: 'zeros', body: '\0'.repeat(5_000_000) })), { bytes: 1_000_000 }))
    expect(open()).toEqual([])
    const half = gzipSync(tar({ path: 'half', body: randomBytes(200_000).toString('hex') }))
    await refusal(unpack(half.subarray(0, half.length / 2)))
    expect(open()).toEqual([])
  })

  it('refuses a stream that breaks off', async () => {
    const stream = new Readable({ read() {} })
    stream.push(gzipSync(tar({ path: 'a', body: 'x' })).subarray(0, 20))
    setTimeout(() => stream.destroy(new Error('gone')), 10)
    await expect(unpackBlueprint(stream, out, limits)).rejects.toThrow()
  })

  it('takes an archive that tar made', async () => {
    const unpacked = await unpack(gzipSync(tar({ path: './', type: 'Directory' }, { path: './compose.yaml', body: 'services: {}' })))
    expect(unpacked).toMatchObject({ files: 1, bytes: 12, transport: null })
    expect(tree(out)).toEqual(['compose.yaml'])
  })
})
