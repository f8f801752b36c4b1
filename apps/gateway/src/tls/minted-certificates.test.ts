import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { authorityForDomain } from './authority-for-domain.ts'
import { CertificateAuthority, createAuthority } from './certificate-authority.ts'
import { MintedCertificates } from './minted-certificates.ts'

const domain = 'test-envs.localhost'
const dayMs = 86_400_000
let home: string
let authority: CertificateAuthority
let minted: string[]
let certificates: MintedCertificates | undefined

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-ca-'))
  authority = await CertificateAuthority.load((await authorityForDomain(home, domain, () => createAuthority(domain))).files)
})
afterAll(() => rm(home, { recursive: true }))
afterEach(() => certificates?.close())

const open = async (routed: readonly string[], capacity = 10, ageMs = 0) => {
  minted = []
  certificates = await MintedCertificates.open({
    authority: {
      mint: (names) => {
        minted.push(names.join(' '))
        return authority.mint(names, Date.now() - ageMs)
      },
    },
    domain,
    isRouted: (host) => routed.includes(host),
    log: { error() {} },
    capacity,
  })
  return certificates
}

describe('MintedCertificates', () => {
  it('gives the wildcard to whatever it covers, to names that lead nowhere, and to strangers', async () => {
    const source = await open([`www-1001.${domain}`, 'demo.example.com'])
    for (const host of [
      domain,
      `www-1001.${domain}`,
      `WWW-1.${domain}`,
      `web.1001.${domain}`,
      'demo.example.com',
      'example.com',
      `x${domain}`,
    ]) {
      expect(await source.find(host)).toBe(source.main)
    }
    expect(source.main.names).toEqual([domain, `*.${domain}`])
    expect(minted).toEqual([`${domain} *.${domain}`])
  })

  it('mints one for a routed name that the wildcard does not cover, once for all who ask', async () => {
    const name = `web.1001.${domain}`
    const source = await open([name])
    expect(source.peek(name)).toBe(source.main)
    const [one, same] = await Promise.all([source.find(name), source.find(name.toUpperCase())])
    expect(one).toBe(same)
    expect(one?.names).toEqual([name])
    expect(source.peek(name)).toBe(one)
    expect(source.find(name)).toBe(one)
    expect(minted).toHaveLength(2)
  })

  it('keeps those that were asked for last', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((host) => `${host}.1001.${domain}`) as [string, string, string]
    const source = await open([a, b, c], 2)
    for (const host of [a, b, a, c]) await source.find(host)
    expect(source.peek(a).names).toEqual([a])
    expect(source.peek(c).names).toEqual([c])
    expect(source.peek(b)).toBe(source.main)
  })

  it('serves an old one while a fresh one is made, and waits where the old one is over', async () => {
    const name = `web.1001.${domain}`
    const source = await open([name], 10, 25 * dayMs)
    const old = await source.find(name)
    expect(await source.find(name)).toBe(old)
    await expect.poll(() => source.peek(name)).not.toBe(old)
    source.close()
    const late = await open([name], 10, 31 * dayMs)
    const dead = await late.find(name)
    expect(await late.find(name)).not.toBe(dead)
  })

  it('renews the wildcard, and says so', async () => {
    const source = await open([])
    const before = source.main
    const heard: unknown[] = []
    source.onChange((main) => heard.push(main))
    await source.renewMain(before.renewAt - 1)
    expect(source.main).toBe(before)
    await source.renewMain(before.renewAt)
    expect(source.main).not.toBe(before)
    expect(heard).toEqual([source.main])
  })
})

describe('ServedCertificate', () => {
  it('covers one label for its wildcard, no more and no less (RFC 9525, section 6.3)', async () => {
    const { main } = await open([])
    expect(main.covers(domain)).toBe(true)
    expect(main.covers(`www-1001.${domain}`)).toBe(true)
    expect(main.covers(`web.1001.${domain}`)).toBe(false)
    expect(main.covers(`.${domain}`)).toBe(false)
    expect(main.covers('localhost')).toBe(false)
    expect(main.covers('127.0.0.1')).toBe(false)
  })
})
