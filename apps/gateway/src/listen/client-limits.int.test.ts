import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`

describe('What a client may take', () => {
  it('answers 431 for a head that is larger, whether it is complete or not (RFC 6585, section 5)', async () => {
    const gateway = await use(startGateway({ clientLimits: { headerBytes: 1_024 } }))
    const upstream = await use(startHttpUpstream((_, res) => void res.end('ok')))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const request = (length: number) => getRequest(1001, '/', [`X-Long: ${'x'.repeat(length)}`, 'Connection: close'])
    const room = 1_024 - request(0).length
    expect((await sendRaw(gateway.port, request(room))).text).toMatch(/^HTTP\/1\.1 200 /)
    expect((await sendRaw(gateway.port, request(room + 1))).text).toMatch(/^HTTP\/1\.1 431 /)
    expect((await sendRaw(gateway.port, request(room + 100).trimEnd())).text).toMatch(/^HTTP\/1\.1 431 /)
    expect(upstream.accepted()).toBe(1)
  })

  it('tells clients of HTTP/2 how much it takes, and passes no more on (RFC 9113, section 6.5.2)', async () => {
    const secure = await use(startSecureGateway({ clientLimits: { headerBytes: 2_048 } }))
    const upstream = await use(startHttpUpstream((_, res) => void res.end('ok')))
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const session = connectHttp2(`https://${host}`, {
      createConnection: () => connect({ host: '127.0.0.1', port: secure.port, servername: host, ca: secure.ca, ALPNProtocols: ['h2'] }),
    })
    session.on('error', () => {})
    let said = 0
    session.on('remoteSettings', ({ maxHeaderListSize }) => {
      said = maxHeaderListSize ?? 0
    })
    const ask = (length: number) => {
      let status = 0
      const stream = session.request({ 'x-long': 'x'.repeat(length) })
      stream.on('response', (headers) => {
        status = headers[':status'] ?? 0
      })
      // A client that knows the limit does not send more than that.
      stream.on('error', () => {
        if (status === 0) status = 431
      })
      stream.resume()
      return () => status
    }
    const [small, large] = [ask(100), ask(2_048)]
    await eventually('both are answered', () => small() !== 0 && large() !== 0)
    expect([small(), large(), said]).toEqual([200, 431, 2_048])
    expect(upstream.accepted()).toBe(1)
    session.destroy()
  })

  it('closes connections whose head does not come, that nobody uses, or that do no handshake', async () => {
    const clientLimits = { headerMs: 1_000, idleMs: 1_000, handshakeMs: 1_000 }
    const secure = await use(startSecureGateway({ clientLimits }))
    const plain = await use(startGateway({ clientLimits }))
    const closed = new Set<string>()
    const open = async (name: string, port: number) => {
      const socket = await openRaw(port)
      socket.on('error', () => {})
      socket.on('close', () => closed.add(name))
      return socket.resume()
    }
    await open('idle', plain.port)
    await open('silent', secure.port)
    const slow = await open('slow', plain.port)
    let text = ''
    slow.on('data', (chunk) => {
      text += chunk
    })
    slow.write('GET / HTTP/1.1\r\n')
    await eventually('all are closed', () => closed.size === 3)
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
  })
})
