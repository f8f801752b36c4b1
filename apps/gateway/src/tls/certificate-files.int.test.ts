import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { createTestAuthority, startTls, type TestAuthority } from '../testing/start-tls.ts'
import { CertificateFiles } from './certificate-files.ts'

const domain = 'test-envs.localhost'
const use = cleanup()
let test: TestAuthority
let folder: string
let files: CertificateFiles
let logged: string[]
const log = { info: (_: unknown, message: string) => logged.push(message), error: (_: unknown, message: string) => logged.push(message) }

beforeAll(async () => {
  test = await createTestAuthority()
})
afterAll(() => test[Symbol.asyncDispose]())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'standin-cert-'))
  logged = []
})
afterEach(async () => {
  files?.close()
  await rm(folder, { recursive: true })
})

const certFile = () => join(folder, 'tls.crt')
const keyFile = () => join(folder, 'tls.key')

const put = async (name: string, into = folder) => {
  const { certificate, key } = await test.authority.mint([name])
  await writeFile(join(into, 'tls.crt.new'), certificate)
  await writeFile(join(into, 'tls.key.new'), key)
  await rename(join(into, 'tls.crt.new'), join(into, 'tls.crt'))
  await rename(join(into, 'tls.key.new'), join(into, 'tls.key'))
}

const handshake = async (port: number): Promise<TLSSocket> => {
  const socket = connect({ port, host: '127.0.0.1', ca: test.ca, checkServerIdentity: () => undefined })
  await once(socket, 'secureConnect')
  return socket
}
const shown = async (port: number) => {
  const socket = await handshake(port)
  const { subjectaltname } = socket.getPeerCertificate()
  socket.destroy()
  return subjectaltname
}

const start = async () => {
  files = await CertificateFiles.open(certFile(), keyFile(), log as never)
  const tls = await use(startTls())
  tls.acceptor.use(files)
  return tls
}

describe('CertificateFiles', () => {
  it('swaps a certificate when its files change, and drops no connection', async () => {
    await put(`a.${domain}`)
    const { port } = await start()
    const open = await handshake(port)
    expect(await shown(port)).toBe(`DNS:a.${domain}`)
    await put(`b.${domain}`)
    await expect.poll(() => shown(port)).toBe(`DNS:b.${domain}`)
    expect(files.main.covers(`b.${domain}`)).toBe(true)
    expect(logged).toEqual(['another certificate is served'])
    open.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(String((await once(open, 'data'))[0])).toContain('200 OK')
    open.destroy()
  })

  it('follows links to files that are replaced where they are', async () => {
    await mkdir(join(folder, 'elsewhere'))
    await put(`a.${domain}`, join(folder, 'elsewhere'))
    await symlink('elsewhere/tls.crt', certFile())
    await symlink('elsewhere/tls.key', keyFile())
    const { port } = await start()
    expect(await shown(port)).toBe(`DNS:a.${domain}`)
    await put(`b.${domain}`, join(folder, 'elsewhere'))
    await expect.poll(() => shown(port)).toBe(`DNS:b.${domain}`)
  })

  it('follows links that are set to another directory, as Kubernetes does it', async () => {
    await mkdir(join(folder, 'one'))
    await mkdir(join(folder, 'two'))
    await put(`a.${domain}`, join(folder, 'one'))
    await put(`b.${domain}`, join(folder, 'two'))
    await symlink('one', join(folder, 'data'))
    await symlink('data/tls.crt', certFile())
    await symlink('data/tls.key', keyFile())
    const { port } = await start()
    expect(await shown(port)).toBe(`DNS:a.${domain}`)
    await symlink('two', join(folder, 'data.new'))
    await rename(join(folder, 'data.new'), join(folder, 'data'))
    await expect.poll(() => shown(port)).toBe(`DNS:b.${domain}`)
  })

  it('keeps the old one where the new one can not be used', async () => {
    await put(`a.${domain}`)
    const { port } = await start()
    await writeFile(certFile(), 'not a certificate')
    await expect.poll(() => files.failures).toBe(1)
    expect(logged).toEqual(['the new certificate can not be used; the old one stays'])
    expect(await shown(port)).toBe(`DNS:a.${domain}`)
    await unlink(certFile())
    await put(`c.${domain}`)
    await expect.poll(() => shown(port)).toBe(`DNS:c.${domain}`)
  })

  it.each([
    ['is missing', '--tls-cert', () => unlink(certFile())],
    ['is no certificate', '--tls-cert', () => writeFile(certFile(), 'x')],
    ['is no private key', '--tls-key', () => writeFile(keyFile(), 'x')],
    ['belongs to another key', 'does not belong', async () => writeFile(keyFile(), (await test.authority.mint(['x.test'])).key)],
  ])('is refused at the start where one %s', async (_, words, spoil) => {
    await put(`a.${domain}`)
    await spoil()
    await expect(CertificateFiles.open(certFile(), keyFile(), log as never)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(words),
    })
  })
})
