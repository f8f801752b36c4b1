import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { createTestAuthority, openTestCertificates, startTls, type TestAuthority } from '../testing/start-tls.ts'
import type { MintedCertificates } from './minted-certificates.ts'
import { TicketKeys } from './ticket-keys.ts'

const domain = 'test-envs.localhost'
const own = `web.1001.${domain}`
const use = cleanup()
let test: TestAuthority
let certificates: MintedCertificates

beforeAll(async () => {
  test = await createTestAuthority()
  certificates = await openTestCertificates(test.authority, [own, `www-1001.${domain}`])
})
afterAll(async () => {
  certificates.close()
  await test[Symbol.asyncDispose]()
})

const start = async (options: Parameters<typeof startTls>[0] = {}) => {
  const tls = await use(startTls(options))
  tls.acceptor.use(certificates)
  return tls
}

const handshake = async (port: number, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({ port, host: '127.0.0.1', ca: test.ca, servername: `www-1001.${domain}`, ...options })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

/** A client whose octets nobody read may learn of the end by a reset. */
const closedOrReset = (socket: Socket) => new Promise<void>((resolve) => socket.on('error', () => {}).once('close', () => resolve()))

const answerOf = async (socket: Socket): Promise<string> => {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return chunk.toString().split('\r\n\r\n')[1] ?? ''
}

describe('SecureAcceptor', () => {
  it.each([
    ['h2', ['h2', 'http/1.1'], 'h2'],
    ['http/1.1', ['http/1.1'], 'http/1.1'],
    ['http/1.1 where nothing is said', undefined, 'http/1.1'],
  ])('agrees on %s (RFC 7301, section 3.2)', async (_, ALPNProtocols, expected) => {
    const { port, acceptor } = await start()
    expect(await answerOf(await handshake(port, ALPNProtocols === undefined ? {} : { ALPNProtocols }))).toBe(expected)
    expect(acceptor.counts).toMatchObject(expected === 'h2' ? { http1: 0, http2: 1 } : { http1: 1, http2: 0 })
  })

  it('speaks TLS 1.2 and 1.3, and nothing older (RFC 8996)', async () => {
    const { port, acceptor } = await start()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(port, { minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      await answerOf(socket)
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    await expect(handshake(port, old)).rejects.toThrow()
    await expect(handshake(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })).rejects.toThrow()
    await expect.poll(() => acceptor.counts.failed).toBe(2)
  })

  it('shows a routed name its own certificate, everybody else the wildcard', async () => {
    const { port, accepted } = await start()
    const namesShownTo = async (servername: string) => {
      const socket = await handshake(port, { servername, checkServerIdentity: () => undefined })
      const { subjectaltname } = socket.getPeerCertificate()
      await answerOf(socket)
      return subjectaltname
    }
    expect(await namesShownTo(own)).toBe(`DNS:${own}`)
    for (const name of [`www-1001.${domain}`, `www-9999.${domain}`, `web.9999.${domain}`, 'www.example.com', '']) {
      expect(await namesShownTo(name)).toBe(`DNS:${domain}, DNS:*.${domain}`)
    }
    const covers = accepted.map(({ info }) => [info.covers(own), info.covers(`www-1001.${domain}`), info.covers('www.example.com')])
    expect(covers[0]).toEqual([true, false, false])
    for (const others of covers.slice(1)) expect(others).toEqual([false, true, false])
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'resumes a session of %s with another worker, until its key is too old (RFC 8446, section 2.2)',
    async (version) => {
      const first = new TicketKeys()
      const later = new TicketKeys(first.state)
      later.at(Date.now() + 24 * 3_600_000)
      const [one, other, next] = [
        await start({ ticketKeys: first }),
        await start({ ticketKeys: new TicketKeys(first.state) }),
        await start({ ticketKeys: later }),
      ]
      const socket = connect({
        port: one.port,
        host: '127.0.0.1',
        ca: test.ca,
        servername: `www-1001.${domain}`,
        minVersion: version,
        maxVersion: version,
      })
      const session = once(socket, 'session')
      await answerOf(socket)
      const resumed = async (port: number) => {
        const [ticket] = (await session) as [Buffer]
        const again = await handshake(port, { session: ticket, minVersion: version, maxVersion: version })
        const isResumed = again.isSessionReused()
        await answerOf(again)
        return isResumed
      }
      expect(await resumed(one.port)).toBe(true)
      expect(await resumed(other.port)).toBe(true)
      expect(await resumed(next.port)).toBe(false)
      expect(other.acceptor.counts.resumed).toBe(1)
    },
  )

  it('tells a client that speaks plain HTTP, and closes', async () => {
    const { port, acceptor } = await start()
    const socket = connectPlain(port, '127.0.0.1')
    socket.write(`POST /form HTTP/1.1\r\nHost: www-1001.${domain}:${port}\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    await closedOrReset(socket)
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(text).toContain('This port speaks TLS')
    expect(acceptor.counts.plaintext).toBe(1)
  })

  it('says nothing to what is neither TLS nor HTTP', async () => {
    const { port } = await start()
    const socket = connectPlain(port, '127.0.0.1')
    socket.write(Buffer.from([0, 1, 2, 3, 4, 5]))
    const received: Buffer[] = []
    socket.on('data', (chunk) => received.push(chunk))
    await closedOrReset(socket)
    expect(received).toEqual([])
  })

  it.each([
    ['says nothing', Buffer.alloc(0)],
    ['begins a handshake and goes no further', Buffer.from([0x16, 3, 1, 2, 0, 1])],
  ])('closes the connection of a client that %s', async (_, bytes) => {
    const { port, acceptor } = await start({ handshakeTimeoutMs: 100 })
    const socket = connectPlain(port, '127.0.0.1')
    socket.write(bytes)
    await closedOrReset(socket.resume())
    expect(acceptor.counts.timedOut).toBe(1)
    await expect.poll(() => acceptor.pending).toBe(0)
  })

  it('lets clients wait until there is a certificate', async () => {
    const tls = await use(startTls())
    const waiting = handshake(tls.port)
    await expect.poll(() => tls.acceptor.pending).toBe(1)
    tls.acceptor.use(certificates)
    expect(await answerOf(await waiting)).toBe('http/1.1')
    expect(tls.acceptor.pending).toBe(0)
  })

  it('goes on where something else was read before', async () => {
    const { port } = await start({
      before: (socket, done) => {
        socket.once('readable', () => {
          const bytes = socket.read() as Buffer
          socket.unshift(bytes.subarray(6))
          done()
        })
      },
    })
    const raw = connectPlain(port, '127.0.0.1')
    await once(raw, 'connect')
    raw.write('PROXY\n')
    const socket = connect({ socket: raw, ca: test.ca, servername: `www-1001.${domain}` })
    await once(socket, 'secureConnect')
    expect(await answerOf(socket)).toBe('http/1.1')
  })

  it('resets a connection below TLS, so that it never looks like its end', async () => {
    const { port, accepted } = await start()
    const socket = await handshake(port)
    socket.off('error', () => {})
    await expect.poll(() => accepted.length).toBe(1)
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
    accepted[0]?.info.transport.resetAndDestroy()
    expect((await failed).code).toBe('ECONNRESET')
    await expect.poll(() => accepted[0]?.socket.destroyed).toBe(true)
  })

  it('forgets those that leave in the middle of a handshake', async () => {
    const { port, acceptor } = await start()
    const socket = connectPlain(port, '127.0.0.1')
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]))
    await expect.poll(() => acceptor.pending).toBe(1)
    socket.resetAndDestroy()
    await expect.poll(() => acceptor.pending).toBe(0)
  })
})
