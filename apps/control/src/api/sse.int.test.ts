import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SseStream } from './sse.ts'

let server: Server
let stream: Promise<SseStream>

beforeEach(async () => {
  const opened = Promise.withResolvers<SseStream>()
  stream = opened.promise
  server = createServer((_, response) => opened.resolve(new SseStream(response, { stallMs: 100 })))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function ask() {
  const { port } = server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  return socket
}

describe('SseStream', () => {
  it('writes events as the standard says', async () => {
    const socket = ask()
    socket.setEncoding('utf8')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    const sse = await stream
    sse.send({ event: 'delta', id: 7, data: '{"a":1}' })
    sse.comment('still here')
    sse.end()
    await once(socket, 'close')
    expect(text).toContain('content-type: text/event-stream')
    expect(text).toContain('id: 7\nevent: delta\ndata: {"a":1}\n\n')
    expect(text).toContain(': still here\n\n')
  })

  it('cuts off a reader that takes nothing for too long', async () => {
    const socket = ask().pause()
    const sse = await stream
    const closed = new Promise<void>((done) => sse.onClose(done))
    while (!sse.blocked) {
      sse.send({ data: 'x'.repeat(1 << 20) })
      await new Promise((done) => setImmediate(done))
    }
    await closed
    expect(sse.blocked).toBe(true)
    socket.destroy()
  })
})
