import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authorityForDomain } from './authority-for-domain.ts'
import { CertificateAuthority, createAuthority } from './certificate-authority.ts'
import { checkAuthorityFiles } from './check-authority.ts'
import { domainOfNameConstraints, encodeNameConstraints } from './name-constraints.ts'

const domain = 'test-envs.localhost'
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-ca-'))
})
afterEach(() => rm(home, { recursive: true }))

/** The CA of a home, which the first one to ask makes. */
const open = async (home: string, domain: string) =>
  CertificateAuthority.load((await authorityForDomain(home, domain, () => createAuthority(domain))).files)

const authorityFile = (name: string) => join(home, 'tls', name)

describe('CertificateAuthority', () => {
  it('signs names of its domain in a way that verifiers take', async () => {
    const authority = await open(home, domain)
    const leaf = new X509Certificate((await authority.mint([domain, `*.${domain}`])).certificate)
    const ca = new X509Certificate(await readFile(authorityFile('ca.crt')))
    expect(leaf.verify(ca.publicKey)).toBe(true)
    expect(leaf.checkIssued(ca)).toBe(true)
    expect(leaf.checkHost(`www-1001.${domain}`)).toBeDefined()
    expect(leaf.checkHost(domain)).toBeDefined()
    expect(leaf.ca).toBe(false)
    expect(ca.ca).toBe(true)
  })

  it('is worth nothing outside its domain: the constraint is critical, and addresses are excluded (RFC 5280, section 4.2.1.10)', async () => {
    const authority = await open(home, domain)
    const ca = await readFile(authorityFile('ca.crt'))
    const verify = async (servername: string) => {
      const { certificate: cert, key } = await authority.mint([servername])
      const server = createServer({ cert, key }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername, ca })
      return once(socket, 'secureConnect')
        .then(
          () => 'OK',
          (error: Error) => error.message,
        )
        .finally(() => {
          socket.destroy()
          server.close()
        })
    }
    expect(await verify(`web.1001.${domain}`)).toContain('OK')
    expect(await verify('www.example.com')).toContain('permitted subtree violation')
    expect(await verify(`not-${domain}`)).toContain('permitted subtree violation')
  })

  it('keeps its key where nobody else reads it', async () => {
    await open(home, domain)
    expect((await stat(join(home, 'tls'))).mode & 0o777).toBe(0o700)
    expect((await stat(authorityFile('ca.key'))).mode & 0o777).toBe(0o600)
    await chmod(authorityFile('ca.key'), 0o644)
    await open(home, domain)
    expect((await stat(authorityFile('ca.key'))).mode & 0o777).toBe(0o600)
  })

  it('is the same one for all who start together, and leaves nothing else behind', async () => {
    const authorities = await Promise.all(Array.from({ length: 8 }, () => open(home, domain)))
    const ca = new X509Certificate(await readFile(authorityFile('ca.crt')))
    for (const authority of authorities) {
      expect(new X509Certificate((await authority.mint([domain])).certificate).verify(ca.publicKey)).toBe(true)
    }
    expect(await readdir(home)).toEqual(['tls'])
    expect((await readdir(join(home, 'tls'))).sort()).toEqual(['ca.crt', 'ca.key'])
  })

  it('takes an empty directory for none', async () => {
    await mkdir(join(home, 'tls'))
    await open(home, domain)
  })

  it.each([
    ['ca.crt', 'is missing', () => rm(authorityFile('ca.crt'))],
    ['ca.key', 'is missing', () => rm(authorityFile('ca.key'))],
    ['ca.crt', 'is no certificate', () => writeFile(authorityFile('ca.crt'), '')],
    [
      'ca.key',
      'is no private key',
      async () => writeFile(authorityFile('ca.key'), (await readFile(authorityFile('ca.key'))).subarray(0, 60)),
    ],
    [
      'ca.key',
      'does not belong to',
      async () => {
        const other = await mkdtemp(join(tmpdir(), 'standin-ca-'))
        await open(other, domain)
        await writeFile(authorityFile('ca.key'), await readFile(join(other, 'tls', 'ca.key')))
        await rm(other, { recursive: true })
      },
    ],
    [
      'ca.crt',
      'is no certificate of a CA',
      async () => {
        const leaf = await (await open(home, domain)).mint([domain])
        await writeFile(authorityFile('ca.crt'), leaf.certificate)
        await writeFile(authorityFile('ca.key'), leaf.key)
      },
    ],
  ])('names %s where it %s', async (file, what, spoil) => {
    await open(home, domain)
    await spoil()
    const problem = { code: 'invalid', message: expect.stringContaining(`${authorityFile(file)} ${what}`), hint: expect.any(String) }
    await expect(open(home, domain)).rejects.toMatchObject(problem)
    await expect(checkAuthorityFiles(home)).rejects.toMatchObject(problem)
  })

  it('gives way to one for another domain, and comes back with its own: nobody has to trust it twice', async () => {
    const inPlace = (name: string) => authorityForDomain(home, name, () => createAuthority(name))
    const first = await inPlace(domain)
    expect(first.replaced).toBeNull()
    const other = await inPlace('other.test')
    expect(other.replaced).toBe(domain)
    const leaf = await (await CertificateAuthority.load(other.files)).mint(['www.other.test'])
    expect(new X509Certificate(leaf.certificate).verify(new X509Certificate(other.files.certificate).publicKey)).toBe(true)
    expect(other.files.certificate).not.toBe(first.files.certificate)
    expect(await inPlace(`below.other.test`)).toMatchObject({ replaced: null, files: other.files })
    expect(await inPlace(domain)).toMatchObject({ replaced: 'other.test', files: first.files })
    expect((await readdir(home)).sort()).toEqual(['tls', 'tls.other.test'])
  })

  it('is replaced by the same one for all who start together with another domain', async () => {
    await open(home, domain)
    const made = await Promise.all(
      Array.from({ length: 8 }, () => authorityForDomain(home, 'other.test', () => createAuthority('other.test'))),
    )
    expect(new Set(made.map(({ files }) => files.certificate)).size).toBe(1)
  })

  it('does not take the place of other files', async () => {
    await mkdir(join(home, 'tls'))
    await writeFile(authorityFile('mine.txt'), '')
    await expect(open(home, domain)).rejects.toThrow('holds other files, but no CA')
    expect(await readdir(home)).toEqual(['tls'])
  })
})

describe('name constraints', () => {
  it.each(['a.b', 'test-envs.localhost', `${'x'.repeat(46)}.test`, `${'y'.repeat(60)}.${'z'.repeat(60)}.${'y'.repeat(60)}.test`])(
    'can be read again for %s',
    (name) => {
      expect(domainOfNameConstraints(encodeNameConstraints(name))).toBe(name)
    },
  )

  it('of others are not taken for ours', () => {
    expect(domainOfNameConstraints(encodeNameConstraints('a.test').subarray(1))).toBeNull()
  })
})
