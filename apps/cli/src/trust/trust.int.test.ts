import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const bin = resolve(import.meta.dirname, '../../../../bin/standin')

/** Of a gateway for test-envs.localhost; its key is gone. */
const pem = `-----BEGIN CERTIFICATE-----
MIICQDCCAeegAwIBAgIRAOzz36pdJf94d45LoNXd4k0wCgYIKoZIzj0EAwIwUTEQ
MA4GA1UEChMHU3RhbmRpbjEQMA4GA1UECwwHcm9vdEB2bTErMCkGA1UEAxMiU3Rh
bmRpbiBDQSBmb3IgdGVzdC1lbnZzLmxvY2FsaG9zdDAeFw0yNjExMjExMTM5MDla
Fw0zNjExMTgxMjM5MDlaMFExEDAOBgNVBAoTB1N0YW5kaW4xEDAOBgNVBAsMB3Jv
b3RAdm0xKzApBgNVBAMTIlN0YW5kaW4gQ0EgZm9yIHRlc3QtZW52cy5sb2NhbGhv
c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATd71FSBgIcjZEXkYSsaS0SxwUW
W/jEV0z6pR0w0JW+5Ud/hKWV8Rh69RNvdax5Mc7V1AzcUXNFvCIf15HwIsLpo4Gf
MIGcMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMFcGA1UdHgEB
/wRNMEugFzAVghN0ZXN0LWVudnMubG9jYWxob3N0oTAwCocIAAAAAAAAAAAwIocg
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwHQYDVR0OBBYEFCz5mWCU
djfKnB7NERr89ptCksRJMAoGCCqGSM49BAMCA0cAMEQCIGE0vIifGh4HtVYxaxoE
PMkZ8SiHU4QCiTisJPkDKoHgAiBXgV6IA9mSRHr3iuyyxDHkLlnpd1cn+D+s48dU
uBW2vw==
-----END CERTIFICATE-----
`
const name = 'Standin CA for test-envs.localhost 39606620'

let home: string
let user: string
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'standin-trust-'))
  home = join(directory, 'home')
  user = join(directory, 'user')
  await mkdir(join(home, 'tls'), { recursive: true })
  await mkdir(user)
  await writeFile(join(home, 'tls', 'ca.crt'), pem)
})
afterEach(() => rm(resolve(home, '..'), { recursive: true }))

const run = (words: readonly string[], path = process.env.PATH ?? '') =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    const env = { PATH: path, HOME: user, STANDIN_HOME: home, NO_COLOR: '1' }
    const child = execFile(bin, ['trust', ...words], { env }, (_, stdout, stderr) => done({ code: child.exitCode, stdout, stderr }))
    child.stdin?.end()
  })
const stores = (stdout: string) => JSON.parse(stdout).stores

/** What NSS says of the CA in a database. */
const trustIn = async (directory: string) => {
  const { stdout } = await promisify(execFile)('certutil', ['-L', '-d', `sql:${directory}`])
  return new RegExp(`^${name} +(\\S+)`, 'm').exec(stdout)?.[1]
}

describe('standin trust', { timeout: 60_000 }, () => {
  it('puts the CA into the databases of browsers, says where, and takes it out again', async () => {
    const chromium = join(user, '.pki/nssdb')
    const firefox = join(user, '.mozilla/firefox/abc.default')
    await mkdir(firefox, { recursive: true })
    await promisify(execFile)('certutil', ['-N', '--empty-password', '-d', `sql:${firefox}`])

    const first = await run(['--json'])
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(`NODE_EXTRA_CA_CERTS=${home}/tls/ca.crt`) })
    expect(stores(first.stdout)).toMatchObject([
      { store: 'Chromium, Chrome, Edge', place: chromium, outcome: 'trusted' },
      { store: 'Firefox', place: firefox, outcome: 'trusted' },
    ])
    expect([await trustIn(chromium), await trustIn(firefox)]).toEqual(['C,,', 'C,,'])
    expect((await stat(chromium)).mode & 0o777).toBe(0o700)

    expect(stores((await run(['--json'])).stdout)).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }])

    const last = await run(['--remove', '--json'])
    expect(last.code).toBe(0)
    expect(stores(last.stdout)).toMatchObject([{ outcome: 'removed' }, { outcome: 'removed' }])
    expect([await trustIn(chromium), await trustIn(firefox)]).toEqual([undefined, undefined])
    expect(stores((await run(['--remove', '--json'])).stdout)).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }])
  })

  it('says what to install where certutil is missing, and ends with 6', async () => {
    const tools = join(user, 'bin')
    await mkdir(tools)
    await symlink(process.execPath, join(tools, 'node'))
    for (const tool of ['sh', 'dirname', 'readlink', 'uname']) {
      const { stdout } = await promisify(execFile)('sh', ['-c', `command -v ${tool}`])
      await symlink(stdout.trim(), join(tools, tool))
    }
    const { code, stdout, stderr } = await run([], tools)
    expect(code).toBe(6)
    expect(stdout).toContain('libnss3-tools')
    expect(stderr).toContain('--cacert')
  })

  it('prints the certificate alone with --print, and where it is', async () => {
    const { code, stdout, stderr } = await run(['--print'])
    expect(code).toBe(0)
    expect(stdout).toBe(pem)
    expect(stderr).toBe(`${home}/tls/ca.crt\n`)
    expect(JSON.parse((await run(['--print', '--json'])).stdout)).toMatchObject({ domain: 'test-envs.localhost', name, pem })
  })

  it('says what is missing where there is no CA, or a broken one', async () => {
    await writeFile(join(home, 'tls', 'ca.crt'), (await readFile(join(home, 'tls', 'ca.crt'))).subarray(0, 100))
    expect(await run([])).toMatchObject({ code: 2, stderr: expect.stringContaining(`${home}/tls/ca.crt can not be read as a certificate`) })
    await rm(join(home, 'tls'), { recursive: true })
    expect(await run([])).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no CA yet') })
    expect(await run(['--print'])).toMatchObject({ code: 2, stdout: '' })
  })
})
