import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { packBlueprint } from '@standin/blueprint'
import type { Build, CreateBuildQuery, Problem } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { buildContainer, Tokens } from '../container.ts'
import type { Control } from '../control.ts'
import { openHome } from '../open-home.ts'

const server = `
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
const [host, port] = process.env.LISTEN.split(':')
const users = () => (existsSync('data/users.jsonl') ? readFileSync('data/users.jsonl', 'utf8').trim().split('\\n') : [])
console.log('listening as', process.env.STANDIN_INSTANCE)
createServer((request, response) => response.writeHead(request.url === '/users' ? 200 : 404).end('users: ' + users().length)).listen(Number(port), host)
`
const blueprint = `services:
  web:
    build: app
    command: node server.mjs
    environment: {LISTEN: "\${STANDIN_ADDRESS}:8080"}
    expose: [8080]
    volumes: [data:/data]
    secrets: [key]
secrets: {key: {environment: API_KEY}}
volumes: {data: }
x-standin:
  name: tiny
  fixtures: [{name: users, csv: users.csv, load: {host: web, run: cat > data/users.jsonl}}]
  phases: {provision: [{name: stamp, host: web, run: "cp run/secrets/key stamp && wc -c < stamp"}]}
  checks:
    - {name: users are there, http: {url: "http://web:8080/users", contains: "users: 2"}}
    - {name: files are there, host: web, run: "test -s stamp && grep ann data/users.jsonl"}
`

let home: string
let control: Control
let client: StandinClient
let token: string
let api: string
let folder: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'standin-builder-'))
  const config = readConfig(['--home', home, '--api', '127.0.0.1:0', '--log-level', 'silent'], {})
  control = buildContainer(config, await openHome(config)).resolve(Tokens.control)
  const ready = await control.start()
  token = readFileSync(ready.tokenFile, 'utf8').trim()
  api = ready.api
  client = new StandinClient({ url: api, token })
}, 60_000)
afterAll(async () => {
  await control.stop()
  rmSync(home, { recursive: true, force: true })
}, 60_000)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-tiny-'))
  write({ 'compose.yaml': blueprint, 'app/server.mjs': server, 'users.csv': 'id,name\n1,ann\n2,bob\n' })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(texts: Record<string, string>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

async function build(query: CreateBuildQuery = {}): Promise<Build> {
  const { stream } = await packBlueprint({ dir: folder, environment: { API_KEY: 'open-sesame-4711' } })
  const { id } = await client.builds.create(new Blob([await buffer(stream)]), query)
  for await (const event of client.events.follow({ build: id })) if (event.type === 'build.finished') break
  return client.builds.get(id)
}

/** Every file below a folder that holds a text. */
function holding(dir: string, text: string): string[] {
  return (readdirSync(dir, { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text))
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('building on the process provider', { timeout: 60_000 }, () => {
  it('bakes a template, and its secret is nowhere but with the provider', async () => {
    const done = await build()
    expect(done).toMatchObject({ state: 'succeeded', template: 'tiny@1', error: null })
    const template = await client.templates.get('tiny')
    expect(template.provenance).toMatchObject({
      fixtures: [{ name: 'users', rows: 2 }],
      checks: [{ ok: true }, { ok: true, output: '{"id":"1","name":"ann"}' }],
    })
    expect(readdirSync(join(home, 'builds'))).toEqual([])
    expect((await client.environments.list()).items).toEqual([])
    expect(holding(home, 'open-sesame-4711').filter((path) => !path.startsWith(join(home, 'providers')))).toEqual([])
  })

  it('quotes the log of a host that never becomes well', async () => {
    write({
      'compose.yaml': blueprint.replace(
        'expose: [8080]',
        'expose: [8080]\n    healthcheck: {x-http: {port: 8080, path: /nothing}, interval: 300ms, retries: 12}',
      ),
    })
    const failed = await build()
    expect(failed).toMatchObject({ state: 'failed', phase: 'bootstrap', template: null, environment: null })
    expect(failed.error?.code).toBe('health_timeout')
    expect(failed.error?.detail).toMatch(/^phase bootstrap: /)
    expect(failed.error?.detail).toContain('web-1 | listening as web-1')
    expect((await client.environments.list()).items).toEqual([])
  })

  it('quotes a step that failed, and keeps the environment when asked to', async () => {
    write({ 'compose.yaml': blueprint.replace('run: "cp', 'run: "echo about to; cat run/secrets/key; false; exit 9; cp') })
    const failed = await build({ keepFailed: true })
    expect(failed.error).toMatchObject({
      code: 'phase_failed',
      detail: expect.stringContaining('step "stamp" on host web ended with exit code 9. Its last lines:\nabout to\n***'),
    })
    const kept = await client.environments.get(failed.environment ?? 0)
    expect(kept).toMatchObject({ kind: 'build', state: 'failed', reason: { code: 'phase_failed' } })
    await kept.delete({ purge: true })
    await kept.waitUntil('deleted')
  })

  it('says which check failed', async () => {
    write({ 'compose.yaml': blueprint.replace('users: 2', 'users: 3') })
    const failed = await build()
    expect(failed.error).toMatchObject({
      code: 'check_failed',
      detail: expect.stringContaining('GET http://web:8080/users on web-1 answered 200 without "users: 3"\nusers: 2'),
    })
  })
})

describe('POST /v1/builds', () => {
  const post = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, query = '') => {
    const response = await fetch(`${api}/v1/builds${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip', ...headers },
      body,
    })
    return { status: response.status, body: (await response.json()) as Problem }
  }

  it('answers all faults of a blueprint at once', async () => {
    write({ 'compose.yaml': 'services: {web: {command: run, build: app}}' })
    const archive = await buffer((await packBlueprint({ dir: folder })).stream)
    const { status, body } = await post(new Uint8Array(archive), {}, '?file=none.yaml')
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'blueprint_invalid' })
  })

  it('answers where the rows of a fixture are wrong', async () => {
    write({ 'compose.yaml': blueprint.replace('csv: users.csv,', 'csv: users.csv, columns: {id: {pattern: "[a-z]"}},') })
    const archive = await buffer((await packBlueprint({ dir: folder, environment: { API_KEY: 'open-sesame-4711' } })).stream)
    const { status, body } = await post(new Uint8Array(archive))
    expect(status).toBe(422)
    expect(body).toMatchObject({
      code: 'fixture_invalid',
      errors: [
        { file: 'users.csv', line: 2, column: 1 },
        { file: 'users.csv', line: 3, column: 1 },
      ],
    })
    expect(readdirSync(join(home, 'builds'))).toEqual([])
  })

  it.each<[string, Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ['noise', new TextEncoder().encode('noise'), {}, 400, 'invalid'],
    ['an empty archive', new Uint8Array(gzipSync(Buffer.alloc(1024))), {}, 400, 'invalid'],
    ['JSON', new TextEncoder().encode('{}'), { 'content-type': 'application/json' }, 400, 'invalid'],
    ['no token', new Uint8Array(), { authorization: 'Bearer nothing' }, 401, 'unauthenticated'],
  ])('refuses %s', async (_, body, headers, status, code) => {
    const answer = await post(body, headers)
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
  })
})
