import { on, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createContext } from './context.ts'
import { Ending } from './ending.ts'
import { runRemote } from './remote-command.ts'

const server = createServer()
const sockets = new WebSocketServer({ noServer: true })
let onSession: (socket: WebSocket) => void = () => {}
let port = 0

beforeAll(async () => {
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.authorization !== 'Bearer good') {
      const body = JSON.stringify({ type: '', title: '', status: 403, code: 'forbidden', detail: 'This token may only read.' })
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (session) => onSession(session))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  sockets.close()
  server.close()
})

function start(options: { token?: string; terminal?: boolean; withInput?: boolean } = {}) {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: options.terminal ?? false,
    raw: [] as boolean[],
    setRawMode: (on: boolean) => stdin.raw.push(on),
  })
  const stdout = Object.assign(new PassThrough(), { columns: 100, rows: 30 })
  const stderr = new PassThrough()
  const interruption = new AbortController()
  const context = createContext({ stdin, stdout, stderr, env: {}, signal: interruption.signal }, {})
  const url = new URL(`ws://127.0.0.1:${port}/`)
  const done = runRemote(context, url, options.token ?? 'good', {
    terminal: options.terminal ?? false,
    withInput: options.withInput ?? false,
  })
  return { stdin, stdout, stderr, interruption, done }
}

const frame = (channel: number, text: string) => Buffer.concat([Buffer.of(channel), Buffer.from(text)])
const exit = (exitCode: number | null, signal: string | null = null) => frame(3, JSON.stringify({ exitCode, signal }))

/** What the client sends, until `enough`. */
async function received(socket: WebSocket, enough: (frames: Buffer[]) => boolean): Promise<Buffer[]> {
  const frames: Buffer[] = []
  for await (const [data] of on(socket, 'message')) {
    frames.push(data as Buffer)
    if (enough(frames)) return frames
  }
  return frames
}

describe('runRemote', () => {
  it('keeps the streams apart and hands on the exit code', async () => {
    onSession = (socket) => {
      socket.send(frame(1, 'out'))
      socket.send(frame(2, 'err'))
      socket.send(exit(7))
      socket.close()
    }
    const session = start()
    expect(await session.done).toEqual({ exitCode: 7, signal: null })
    expect(String(session.stdout.read())).toBe('out')
    expect(String(session.stderr.read())).toBe('err')
  })

  it('says 128 + the number of the signal that ended it', async () => {
    onSession = (socket) => {
      socket.send(exit(null, 'SIGKILL'))
      socket.close()
    }
    expect(await start().done).toEqual({ exitCode: 137, signal: 'SIGKILL' })
  })

  it('tells the command at once that there is no input, unless there is', async () => {
    let first: Promise<Buffer[]> = Promise.resolve([])
    onSession = (socket) => {
      first = received(socket, (frames) => frames.length === 1)
      void first.then(() => {
        socket.send(exit(0))
        socket.close()
      })
    }
    await start().done
    expect(await first).toEqual([Buffer.of(0)])
  })

  it('sends all of its input, however much, and then its end', async () => {
    const size = 8 * 1024 * 1024
    let bytes = 0
    onSession = (socket) => {
      socket.on('message', (data: Buffer) => {
        expect(data[0]).toBe(0)
        bytes += data.length - 1
        if (data.length > 1) return
        socket.send(exit(0))
        socket.close()
      })
    }
    const session = start({ withInput: true })
    session.stdin.end(Buffer.alloc(size, 1))
    await session.done
    expect(bytes).toBe(size)
  })

  it('loses nothing when the reader is slow', async () => {
    const size = 4 * 1024 * 1024
    onSession = (socket) => {
      for (let sent = 0; sent < size; sent += 65_536) socket.send(Buffer.concat([Buffer.of(1), Buffer.alloc(65_536, 2)]))
      socket.send(exit(0))
      socket.close()
    }
    const session = start()
    let bytes = 0
    const reading = (async () => {
      for await (const chunk of session.stdout) {
        bytes += (chunk as Buffer).length
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await session.done
    session.stdout.end()
    await reading
    expect(bytes).toBe(size)
  })

  it('makes the terminal raw for as long as it takes, and tells its size when that changes', async () => {
    let frames: Promise<Buffer[]> = Promise.resolve([])
    onSession = (socket) => {
      frames = received(socket, (all) => all.length === 2)
      void frames.then(() => {
        socket.send(exit(0))
        socket.close()
      })
    }
    const session = start({ terminal: true, withInput: true })
    session.stdin.write('ls\r')
    await expect.poll(() => session.stdin.raw).toEqual([true])
    session.stdout.columns = 120
    session.stdout.emit('resize')
    await session.done
    expect((await frames).map(String).toSorted()).toEqual(['\u0000ls\r', '\u0004{"columns":120,"rows":30}'])
    expect(session.stdin.raw).toEqual([true, false])
  })

  it('throws what the server refuses it with', async () => {
    await expect(start({ token: 'bad' }).done).rejects.toMatchObject({ code: 'forbidden', message: 'This token may only read.' })
  })

  it('does not take a broken connection for an end', async () => {
    onSession = (socket) => socket.terminate()
    await expect(start().done).rejects.toMatchObject({ code: 'unreachable', hint: expect.stringContaining('Nobody knows') })
  })

  it('ends with Ctrl-C', async () => {
    const session = start()
    onSession = () => session.interruption.abort(new Ending('interrupted'))
    await expect(session.done).rejects.toMatchObject({ kind: 'interrupted' })
  })
})
