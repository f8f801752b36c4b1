import { type FileHandle, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { type ErrorCode, errorTable, StandinError } from '@standin/client'
import type { ExecSession, Observed, ProgressListener } from '@standin/core'
import { channel, frame, frameReader, readLines } from './keeper/frames.ts'
import {
  type ExecOpen,
  type FromKeeper,
  type Hello,
  type KeeperRequest,
  leavingCode,
  protocolVersion,
  type RemoteError,
} from './keeper/protocol.ts'

/** The keeper has gone, or goes, without having taken the request up: start another one and ask that. */
export class KeeperGone extends Error {}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ProgressListener | undefined
}

/** A control connection to one keeper. */
export class KeeperClient {
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  readonly #onObserved: (observed: Observed) => void
  readonly closed: Promise<void>
  #last = 0

  private constructor(socket: Socket, onObserved: (observed: Observed) => void) {
    this.#socket = socket
    this.#onObserved = onObserved
    readLines(socket, (line) => {
      this.#take(JSON.parse(line) as FromKeeper)
      return undefined
    })
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        for (const { reject } of this.#pending.values()) reject(new KeeperGone('the keeper ended'))
        this.#pending.clear()
        resolve()
      }),
    )
  }

  /** Connects and makes sure that it is this environment's keeper; null where nobody answers. */
  static async open(
    dir: string,
    nonce: string,
    onObserved: (observed: Observed) => void,
  ): Promise<{ client: KeeperClient; hello: Hello } | null> {
    const socket = await connectTo(dir)
    if (socket === null) return null
    const client = new KeeperClient(socket, onObserved)
    const hello = (await client.request({ op: 'hello', version: protocolVersion }).catch(() => null)) as Hello | null
    if (hello?.nonce === nonce) return { client, hello }
    socket.destroy()
    return null
  }

  /** @throws KeeperGone, and the StandinError that the keeper answers with. */
  request(message: KeeperRequest, options: { signal?: AbortSignal; onProgress?: ProgressListener } = {}): Promise<unknown> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed || !this.#socket.writable) return reject(new KeeperGone('the keeper ended'))
      const cancel = (): void => {
        if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify({ op: 'cancel', request: id, id: ++this.#last })}\n`)
      }
      const settled = (): void => options.signal?.removeEventListener('abort', cancel)
      this.#pending.set(id, {
        onProgress: options.onProgress,
        resolve: (result) => {
          settled()
          resolve(result)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
      this.#socket.write(`${JSON.stringify({ ...message, id })}\n`)
      options.signal?.addEventListener('abort', cancel)
      if (options.signal?.aborted === true) cancel()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(message: FromKeeper): void {
    if ('push' in message) {
      if (message.push === 'observed') this.#onObserved(message.observed)
      return
    }
    const pending = this.#pending.get(message.id)
    if (pending === undefined) return
    if ('progress' in message) {
      pending.onProgress?.(message.progress)
      return
    }
    this.#pending.delete(message.id)
    if ('error' in message) pending.reject(localError(message.error))
    else pending.resolve(message.result)
  }
}

/** Runs one command over a connection of its own. */
export async function openSession(dir: string, request: ExecOpen): Promise<ExecSession> {
  const socket = await connectTo(dir)
  if (socket === null) throw new KeeperGone('the keeper ended')
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new KeeperGone('the keeper ended')))
    readLines(socket, (line) => {
      const answer = JSON.parse(line) as FromKeeper
      return 'error' in answer ? () => reject(localError(answer.error)) : resolve
    })
    socket.write(`${JSON.stringify({ ...request, id: 1 })}\n`)
  }).catch((error: unknown) => {
    socket.destroy()
    throw error
  })
  return sessionOver(socket)
}

function sessionOver(socket: Socket): ExecSession {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const exited = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    let ending = { exitCode: null as number | null, signal: 'SIGKILL' as string | null }
    const pass = (to: PassThrough, payload: Buffer): void => {
      if (to.write(payload)) return
      socket.pause()
      to.once('drain', () => socket.resume())
    }
    const read = frameReader((kind, payload) => {
      if (kind === channel.stdout) pass(stdout, payload)
      else if (kind === channel.stderr) pass(stderr, payload)
      else if (kind === channel.exit) ending = JSON.parse(payload.toString())
    })
    socket.on('data', read)
    socket.resume()
    socket.once('close', () => {
      stdout.end()
      stderr.end()
      resolve(ending)
    })
  })
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (chunk.length === 0 || socket.destroyed) return done()
      socket.write(frame(channel.stdin, chunk), () => done())
    },
    final: (done) => {
      if (!socket.destroyed) socket.write(frame(channel.stdin, Buffer.alloc(0)))
      done()
    },
  })
  return {
    stdin,
    stdout,
    stderr,
    exited,
    kill: (signal) => {
      if (!socket.destroyed) socket.write(frame(channel.kill, Buffer.from(signal)))
    },
  }
}

/** A socket's path may have 108 bytes (unix(7)); a data directory may be longer, so it is reached through an open directory. */
async function connectTo(dir: string): Promise<Socket | null> {
  const plain = join(dir, 'keeper.sock')
  if (Buffer.byteLength(plain) < 100 || process.platform !== 'linux') return connected(plain)
  let handle: FileHandle
  try {
    handle = await open(dir)
  } catch {
    return null
  }
  try {
    return await connected(`/proc/self/fd/${handle.fd}/keeper.sock`)
  } finally {
    await handle.close()
  }
}

function connected(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', () => resolve(null))
  })
}

function localError({ code, message, hint }: RemoteError): Error {
  if (code === leavingCode) return new KeeperGone(message)
  return new StandinError(code in errorTable ? (code as ErrorCode) : 'provider_failed', message, hint === undefined ? {} : { hint })
}
