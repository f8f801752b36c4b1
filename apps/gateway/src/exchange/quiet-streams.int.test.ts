import { connect as connectHttp2 } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { openEventStream } from '../testing/event-stream.ts'
import { eventually } from '../testing/raw-client.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { openWebSocket, startWebSocketUpstream } from '../testing/web-socket.ts'

const use = cleanup()
const second = 1_000
/** Several times what any of these takes to be noticed. */
const quietMs = 3_500

describe('What is quiet for longer than every timeout', () => {
  it('goes on: server-sent events over HTTP/1 and HTTP/2, and a WebSocket', async () => {
    const clientLimits = { headerMs: second, idleMs: second, stallMs: second, handshakeMs: 2 * second }
    const secure = await use(startSecureGateway({ clientLimits }))
    const { gateway } = secure
    const sends: (() => void)[] = []
    const events = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        sends.push(() => res.write('data: {"n":1}\n\n'))
      }),
    )
    const sockets = await use(startWebSocketUpstream())
    gateway.router.put(routeEntry(1001, [events.port]))
    gateway.router.put(routeEntry(1002, [sockets.port]))

    const over1 = await openEventStream(gateway.port, 1001, '/')
    const session = connectHttp2(`https://www-1001.${domain}`, {
      host: '127.0.0.1',
      port: secure.port,
      servername: `www-1001.${domain}`,
      ca: secure.ca,
    })
    const over2 = session.request({ ':path': '/' })
    let text = ''
    over2.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    const webSocket = await openWebSocket(gateway.port, 1002)
    let echoed = ''
    webSocket.on('data', (chunk) => {
      echoed += chunk
    })
    await eventually('both streams are open', () => sends.length === 2)
    await new Promise((resolve) => setTimeout(resolve, quietMs))
    expect(gateway.ended).toEqual([])
    for (const send of sends) send()
    webSocket.write('still here')
    // What comes after the silence comes at once, although nothing follows it.
    await eventually('all of it arrives', () => over1.events.length === 1 && text === 'data: {"n":1}\n\n' && echoed === 'still here')
    over1.close()
    session.destroy()
    webSocket.destroy()
  })
})
