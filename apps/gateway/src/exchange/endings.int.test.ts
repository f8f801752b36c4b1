import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()

describe('Broken connections', () => {
  it('closes the upstream of a client that goes away: before, during and after the answer begins', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/silent') return
        res.write('begun')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const clients: Socket[] = []
    for (const path of ['/silent', '/streams', '/silent', '/streams']) {
      const client = await openRaw(gateway.port)
      client.on('error', () => {})
      client.write(getRequest(1001, path))
      clients.push(client)
    }
    const uploading = await openRaw(gateway.port)
    uploading.write(`POST /silent HTTP/1.1\r\nHost: www-1001.${domain}\r\nContent-Length: 100\r\n\r\nhalf`)
    clients.push(uploading)
    // The second of a pipeline waits until the first one's answer is complete, which never comes.
    const pipelining = await openRaw(gateway.port)
    pipelining.write(getRequest(1001, '/silent') + getRequest(1001, '/silent'))
    clients.push(pipelining)
    await eventually('all six requests have arrived', () => upstream.sockets.size === 6)
    const left = performance.now()
    for (const [index, client] of clients.entries()) index % 2 === 0 ? client.destroy() : client.resetAndDestroy()
    await eventually('no upstream socket is left', () => upstream.sockets.size === 0)
    expect(performance.now() - left).toBeLessThan(2_000)
    await eventually('all are accounted for', () => gateway.ended.length === 6)
    expect(new Set(gateway.ended.map((exchange) => exchange.flag))).toEqual(new Set(['client_gone']))
    expect(gateway.activity.record(1001).open).toBe(0)
  })

  it.each([
    ['a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', false],
    ['a body in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', false],
    ['a body in chunks, by a reset', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true],
    ['a body that ends with the connection, by a reset', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf', true],
  ])('resets the client where the upstream dies in %s', async (_, head, reset) => {
    const gateway = await use(startGateway())
    let dying: Socket | undefined
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.write(head)
          dying = socket
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await sendRaw(gateway.port, getRequest(1001), (text) => {
      if (text.includes('half')) reset ? dying?.resetAndDestroy() : dying?.destroy()
      return false
    })
    expect(answer.wasReset).toBe(true)
    expect(answer.text).not.toMatch(/0\r\n\r\n$/)
    expect(gateway.ended[0]?.flag).toBe('upstream_cut')
  })

  it('passes a body on that ends with the connection', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nwhole'))
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).body).toBe('whole')
  })

  it.each([
    ['garbage', 'nonsense\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['a coding that we do not know', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ])('answers 502 to an upstream that sends %s', async (_, bytes) => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => socket.write(bytes))
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(502)
    await eventually('its connection is not used again', () => upstream.sockets.size === 0)
  })
})
