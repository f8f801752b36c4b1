import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasSlapd, reader, Slapd, suffix } from '../../../../packages/plugins/src/identity/sources/ldap/fixtures/slapd.ts'

const root = resolve(import.meta.dirname, '../../../..')
const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`
const ldif = ['ada', 'bob', 'cid']
  .map((uid) => `dn: ${dnOf(uid)}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nmail: ${uid}@example.com\n`)
  .join('\n')

/** What a newcomer finds in the guide: the blocks of this kind below this heading. */
function blocks(heading: string, kind: string): string[] {
  const guide = readFileSync(join(root, 'docs/guide/identity.md'), 'utf8')
  const section = guide.split(/^(?=#+ )/m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].filter(([, info]) => info === kind).map(([, , text]) => text ?? '')
}

const server = `
  const file = 'data/people.json'
  require('node:http').createServer((_, to) => to.end(require('node:fs').readFileSync(file))).listen(8080, process.env.STANDIN_ADDRESS)`
const loader = `
  import { writeFileSync } from 'node:fs'
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  writeFileSync('data/people.json', JSON.stringify(text.trim().split('\\n').map((line) => JSON.parse(line))))`
const services = `name: company
services:
  web:
    build: .
    command: ["node", "server.cjs"]
    expose: [8080]
    volumes: ["data:/data"]
volumes: { data: }
x-standin:
  publish: { www: "web:8080" }
`

describe.skipIf(!hasSlapd)('with a directory that is asked', { timeout: 240_000 }, () => {
  let [slapd, platform]: [Slapd | undefined, Platform | undefined] = [undefined, undefined]
  const folder = mkdtempSync(join(tmpdir(), 'standin-company-'))
  const standin = (...words: string[]) => (platform as Platform).cli(...words)

  beforeAll(async () => {
    slapd = await new Slapd({ ldif }).start()
    const bind = { dn: reader.dn, passwordFile: slapd.file('password', reader.password) }
    const people = { base: `ou=people,${suffix}`, export: ['uid', 'cn', 'mail'] }
    const sources = { ldap: [{ id: 'corp', schedule: '@yearly', url: slapd.url, bind, people }] }
    writeFileSync(join(folder, 'standin.config.yaml'), JSON.stringify({ plugins: [{ use: 'identity', with: { sources } }] }))
    const ports = ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
    platform = await Platform.boot({ arguments: [...ports, '--config', join(folder, 'standin.config.yaml')] })
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    await slapd?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('says what would change, asks, and does it', async () => {
    expect((await standin('identity', 'list')).stdout).toMatch(/^corp +ldap +@yearly UTC +what its plan says +uid, cn, mail$/m)
    const plan = await standin('identity', 'plan', 'corp')
    expect(plan.stdout).toContain('corp: 3 people and 0 groups read; would create 3,')
    expect((await standin('user', 'list')).stdout).not.toContain('ada')
    expect(await standin('identity', 'run', 'corp')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/\+ ada: uid=ada.*Say --yes/s),
    })
    expect((await standin('identity', 'run', 'corp', '--yes')).stdout).toContain('corp: 3 people and 0 groups read; create 3,')
    expect((await standin('user', 'list')).stdout).toMatch(/^ada /m)
  })

  it('lets more go once than may, where somebody says so', async () => {
    await slapd?.change(async (directory) => directory.del(dnOf('cid')))
    const held = await standin('identity', 'run', 'corp', '--yes', '--most', '0')
    expect(held.stdout).toContain('! 1 of 3 users would be deactivated, and at most 0 may be: none was')
    expect((await standin('identity', 'run', 'corp', '--yes', '--most', '34%')).stdout).toContain('- cid: gone; leaves nothing behind')
    expect(await standin('identity', 'run', 'corp', '--most', 'all')).toMatchObject({ code: 2 })
    expect(await standin('identity', 'plan', 'other')).toMatchObject({
      stderr: expect.stringMatching(/there is no source other.*There are: corp/s),
    })
  })

  it('has its people in the clones of a template, by what the guide says', async () => {
    const heading = '### People for a fixture'
    const [fixtures = ''] = blocks(heading, 'yaml x-standin')
    const [commands = ''] = blocks(heading, 'sh skip')
    mkdirSync(join(folder, 'fixtures'))
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'server.cjs'), server)
    writeFileSync(join(folder, 'load.mjs'), loader)
    writeFileSync(join(folder, 'compose.yaml'), `${services}${fixtures.replaceAll(/^/gm, '  ').trimEnd()}\n`)
    const env = { PATH: process.env.PATH ?? '', STANDIN_HOME: platform?.home ?? '', NO_COLOR: '1' }
    for (const line of commands.trim().split('\n')) {
      await promisify(execFile)('sh', ['-ec', line.replaceAll('bin/standin', join(root, 'bin/standin'))], { cwd: folder, env })
    }
    expect(readFileSync(join(folder, 'fixtures/people.csv'), 'utf8')).toBe('uid,mail\r\nada,ada@example.com\r\nbob,bob@example.com\r\n')
    const url = (await standin('url', 'first')).stdout.trim()
    expect(JSON.parse((await (platform as Platform).ask(new URL(url).hostname)).body)).toEqual([
      { uid: 'ada', mail: 'ada@example.com' },
      { uid: 'bob', mail: 'bob@example.com' },
    ])
  })

  it('leaves the file as it was where the directory can not be read', async () => {
    const file = join(folder, 'fixtures/people.csv')
    const before = readFileSync(file, 'utf8')
    expect(await standin('identity', 'export', 'corp', '--columns', 'uid,userPassword', '--file', file)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/does not give out userPassword.*It gives out uid, cn, mail/s),
    })
    await slapd?.[Symbol.asyncDispose]()
    const { code, stderr } = await standin('identity', 'export', 'corp', '--file', file)
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('the bind password can not be read')])
    expect(readFileSync(file, 'utf8')).toBe(before)
  })
})
