import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuthorityFiles } from './authority-files.ts'
import { authorityForDomain } from './authority-for-domain.ts'
import { CertificateAuthority, createAuthority } from './certificate-authority.ts'
import { KeptWildcard } from './kept-wildcard.ts'

const names = ['a.test', '*.a.test']
let home: string
let files: AuthorityFiles
let authority: CertificateAuthority

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-ca-'))
  files = (await authorityForDomain(home, 'a.test', () => createAuthority('a.test'))).files
  authority = await CertificateAuthority.load(files)
})
afterAll(() => rm(home, { recursive: true }))

describe('KeptWildcard', () => {
  it('is none where nothing was kept', async () => {
    expect(await new KeptWildcard(files, names).read()).toBeNull()
  })

  it('gives back what was kept, from a file that nobody else reads, until it is to be renewed', async () => {
    const kept = new KeptWildcard(files, names)
    const { certificate, key } = await authority.mint(names)
    await kept.write(certificate, key)
    const served = await kept.read()
    expect(served?.names).toEqual(names)
    expect((await stat(join(home, 'tls', 'wildcard.pem'))).mode & 0o777).toBe(0o600)
    expect((await readdir(join(home, 'tls'))).sort()).toEqual(['ca.crt', 'ca.key', 'wildcard.pem'])
    expect(await kept.read(served?.renewAt)).toBeNull()
  })

  it('takes neither other names, nor what another CA has signed, nor half a file', async () => {
    const kept = new KeptWildcard(files, names)
    const one = await authority.mint(['www.a.test'])
    await kept.write(one.certificate, one.key)
    expect(await kept.read()).toBeNull()
    const stranger = await CertificateAuthority.load({ ...files, ...(await createAuthority('a.test')) })
    const strange = await stranger.mint(names)
    await kept.write(strange.certificate, strange.key)
    expect(await kept.read()).toBeNull()
    const good = await authority.mint(names)
    await kept.write(good.certificate, '')
    expect(await kept.read()).toBeNull()
    await writeFile(join(home, 'tls', 'wildcard.pem'), good.certificate.slice(0, 100))
    expect(await kept.read()).toBeNull()
  })
})
