import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { proxyBlock, proxyLine } from '../proxy-protocol/proxy-preamble.ts'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, openRaw, sendRaw } from '../testing/raw-client.ts'
import { ClientListener, type ClientListenerOptions, type ConnectionOrigin, type Refusal } from './client-listener.ts'
import { ConnectionCounts } from './connection-counts.ts'
import { ListeningSocket } from './listening-socket.ts'
import { Networks } from './networks.ts'

const use = cleanup()
const loopback = { host: '127.0.0.1', port: 0, flag: '--http', shared: false }

/** A listener whose connections answer with whom they are from, and what they sent. */
const startListener = async (options: Partial<ClientListenerOptions> = {}) => {
  const origins: ConnectionOrigin[] = []
  const refusals: Refusal[] = []
  const sockets = new Set<Socket>()
  const counts = options.counts ?? new ConnectionCounts({ connections: 100, connectionsPerClient: null })
  const listener = new ClientListener({
    secure: false,
    counts,
    trusted: new Networks([]),
    proxies: new Networks([]),
    onConnection: (socket, origin) => {
      origins.push(origin)
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('data', (chunk) => socket.write(`${origin.address} sent ${chunk}`))
    },
    onRefusal: (why) => refusals.push(why),
    onError: (error) => {
      throw error
    },
    ...options,
  })
  const address = await listener.listen(loopback)
  return {
    listener,
    counts,
    origins,
    refusals,
    port: Number(address.split(':')[1]),
    [Symbol.asyncDispose]: async () => {
      await listener.close()
      listener.cutUnknown()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const has = (what: string) => (text: string) => text.includes(what)
const client = { address: '203.0.113.7', port: 51_234, localAddress: '192.0.2.1', localPort: 443 }
const proxies = new Networks(['127.0.0.0/8'])

describe('A listener of peers that send a PROXY header', () => {
  it.each([
    ['1 (PROXY protocol, section 2.1)', proxyLine(client)],
    ['2 (PROXY protocol, section 2.2)', proxyBlock(client)],
  ])('takes whom a connection is from out of version %s, in whatever pieces it comes', async (_, header) => {
    const listener = await use(startListener({ proxies }))
    const whole = await sendRaw(listener.port, `${header.toString('latin1')}hello`, has('hello'))
    expect(whole.text).toBe('203.0.113.7 sent hello')
    const socket = await openRaw(listener.port)
    socket.setNoDelay(true)
    for (const byte of header) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.write('later')
    expect(String((await once(socket, 'data'))[0])).toBe('203.0.113.7 sent later')
    socket.destroy()
    expect(listener.origins[1]).toEqual({
      address: '203.0.113.7',
      clientPort: 51_234,
      peer: '127.0.0.1',
      localAddress: '192.0.2.1',
      port: 443,
    })
  })

  it('takes LOCAL and UNKNOWN for the peer itself (PROXY protocol, section 2)', async () => {
    const listener = await use(startListener({ proxies }))
    expect((await sendRaw(listener.port, 'PROXY UNKNOWN\r\nhello', has('hello'))).text).toBe('127.0.0.1 sent hello')
    expect((await sendRaw(listener.port, '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0hello', has('hello'))).text).toBe('127.0.0.1 sent hello')
  })

  it('refuses a connection without one (PROXY protocol, section 2: it must not be guessed)', async () => {
    const listener = await use(startListener({ proxies }))
    const { text } = await sendRaw(listener.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('PROXY header')
    expect(listener.refusals).toEqual(['proxy-header'])
    expect(listener.origins).toEqual([])
  })

  it('lets go of one that leaves half a header', async () => {
    const listener = await use(startListener({ proxies }))
    const socket = await openRaw(listener.port)
    socket.write('PROXY TCP4 ')
    await eventually('it is counted', () => listener.counts.open === 1)
    socket.end()
    await eventually('it is gone', () => listener.counts.open === 0)
  })

  it('counts the clients behind a proxy, each by itself', async () => {
    const listener = await use(startListener({ proxies, counts: new ConnectionCounts({ connections: 100, connectionsPerClient: 1 }) }))
    const first = await openRaw(listener.port)
    first.write(proxyLine(client))
    await eventually('it is in', () => listener.origins.length === 1)
    expect((await sendRaw(listener.port, `${proxyLine(client)}x`)).text).toMatch(/^HTTP\/1\.1 503 /)
    expect((await sendRaw(listener.port, `${proxyLine({ ...client, address: '203.0.113.8' })}x`, has('sent x'))).text).toContain(
      '203.0.113.8',
    )
    first.destroy()
    await eventually('it left', () => listener.counts.open === 0)
    expect((await sendRaw(listener.port, `${proxyLine(client)}x`, has('sent x'))).text).toBe('203.0.113.7 sent x')
  })
})

describe('A listener with limits', () => {
  it('tells who is too many with 503 and closes, and serves again when there is room', async () => {
    const listener = await use(startListener({ counts: new ConnectionCounts({ connections: 2, connectionsPerClient: null }) }))
    const open = [await openRaw(listener.port), await openRaw(listener.port)]
    await eventually('both are in', () => listener.counts.open === 2)
    const { text, wasReset } = await sendRaw(listener.port, 'GET / HTTP/1.1\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
    expect(text).toContain('Retry-After: 1')
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ code: 'overloaded', status: 503 })
    expect(wasReset).toBe(false)
    expect(listener.refusals).toEqual(['connections'])
    open[0]?.destroy()
    await eventually('one is out', () => listener.counts.open === 1)
    expect((await sendRaw(listener.port, 'x', has('sent x'))).text).toBe('127.0.0.1 sent x')
    open[1]?.destroy()
  })

  it('spares this machine and trusted peers, unless it was given a number', async () => {
    const given = await use(startListener({ counts: new ConnectionCounts({ connections: 10, connectionsPerClient: 1 }) }))
    const first = await openRaw(given.port)
    expect((await sendRaw(given.port, 'x')).text).toMatch(/^HTTP\/1\.1 503 /)
    first.destroy()
    const counts = new ConnectionCounts({ connections: 10, connectionsPerClient: 1 })
    const trusting = await use(startListener({ counts, trusted: new Networks(['127.0.0.1']) }))
    const second = await openRaw(trusting.port)
    expect((await sendRaw(trusting.port, 'x', has('sent x'))).text).toContain('sent x')
    second.destroy()
    const spared = new ConnectionCounts({ connections: 10_000, connectionsPerClient: null })
    expect(Array.from({ length: 1_025 }, () => spared.enterClient('127.0.0.1')).every(Boolean)).toBe(true)
    expect(Array.from({ length: 1_025 }, () => spared.enterClient('192.0.2.1')).filter(Boolean)).toHaveLength(1_024)
  })
})

describe('A listening socket', () => {
  it('refuses a port that somebody listens on, unless it shares it', async () => {
    const answering = (name: string) =>
      new ListeningSocket(
        (socket) => socket.end(name),
        () => {},
      )
    const first = answering('first')
    const address = await first.listen(loopback)
    const port = Number(address.split(':')[1])
    const second = answering('second')
    await expect(second.listen({ ...loopback, port, flag: '--https' })).rejects.toMatchObject({
      code: 'port_taken',
      message: `127.0.0.1:${port} is taken by another process`,
      hint: expect.stringContaining('--https'),
    })
    const third = answering('third')
    expect(await third.listen({ ...loopback, port, shared: true })).toBe(address)
    await first.close()
    expect((await sendRaw(port, '')).text).toBe('third')
    await third.close()
    await expect(openRaw(port)).rejects.toThrow('ECONNREFUSED')
    await expect(second.listen({ ...loopback, port: 0, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('serves who was queued when it was told to close', async () => {
    let served = 0
    const socket = new ListeningSocket(
      (accepted) => {
        served++
        accepted.end('served')
      },
      () => {},
    )
    const port = Number((await socket.listen(loopback)).split(':')[1])
    const clients = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'))
    // The kernel has let them in by the time that connect() returns; nobody has looked at the queue yet.
    const closed = socket.close()
    const answers = clients.map((client) => once(client, 'data').then(([data]) => String(data)))
    await closed
    expect(await Promise.all(answers)).toEqual(Array(50).fill('served'))
    expect(served).toBe(50)
    for (const client of clients) client.destroy()
  })
})
