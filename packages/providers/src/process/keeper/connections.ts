import type { Socket } from 'node:net'
import type { Stats } from '@standin/client'
import type { Observed } from '@standin/core'
import { readLines } from './frames.ts'
import {
  type ExecOpen,
  type FromControl,
  type FromKeeper,
  type Hello,
  KeeperError,
  type KeeperRequest,
  type Progress,
  remoteError,
} from './protocol.ts'
import type { Session } from './session.ts'

/** What a keeper does for whoever talks to it. */
export interface KeeperService {
  /** Pushes now what has changed: whoever gets an answer has seen what led to it. */
  flush(): void
  hello(version: number): Hello
  start(hosts: readonly string[] | null, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<Observed>
  stop(): Promise<Observed>
  suspend(): Promise<Observed>
  resume(): Observed
  stats(): Promise<Stats>
  exec(request: ExecOpen, socket: Socket, onStarted: () => void, onFailed: (error: Error) => void): Session
}

/** The connections of a keeper: answers requests, pushes changes. */
export class Connections {
  readonly #service: KeeperService
  readonly #controls = new Set<Socket>()
  readonly #starts = new Map<string, AbortController>()
  #last = 0

  constructor(service: KeeperService) {
    this.#service = service
  }

  accept(socket: Socket): void {
    const connection = ++this.#last
    socket.on('error', () => {})
    socket.on('close', () => this.#controls.delete(socket))
    readLines(socket, (line) => {
      let message: FromControl
      try {
        message = JSON.parse(line) as FromControl
      } catch {
        return () => socket.destroy()
      }
      if (message.op === 'exec') return () => this.#exec(message, socket)
      void this.#answer(message, socket, connection)
      return undefined
    })
  }

  push(message: FromKeeper): void {
    for (const socket of this.#controls) send(socket, message)
  }

  close(): void {
    for (const socket of this.#controls) socket.end()
  }

  async #answer(message: KeeperRequest & { id: number }, socket: Socket, connection: number): Promise<void> {
    const { id } = message
    try {
      const result = await this.#handle(message, socket, connection)
      this.#service.flush()
      send(socket, { id, result })
    } catch (error) {
      this.#service.flush()
      send(socket, { id, error: remoteError(error) })
    }
  }

  async #handle(message: KeeperRequest & { id: number }, socket: Socket, connection: number): Promise<Hello | Observed | Stats | null> {
    switch (message.op) {
      case 'hello':
        this.#controls.add(socket)
        return this.#service.hello(message.version)
      case 'start': {
        const abort = new AbortController()
        const key = `${connection}:${message.id}`
        this.#starts.set(key, abort)
        try {
          return await this.#service.start(message.hosts, (progress) => send(socket, { id: message.id, progress }), abort.signal)
        } finally {
          this.#starts.delete(key)
        }
      }
      case 'cancel':
        this.#starts.get(`${connection}:${message.request}`)?.abort()
        return null
      case 'stop':
        return this.#service.stop()
      case 'suspend':
        return this.#service.suspend()
      case 'resume':
        return this.#service.resume()
      case 'stats':
        return this.#service.stats()
      default:
        throw new KeeperError(
          'unsupported',
          `this keeper does not know "${(message as { op: string }).op}"`,
          'stop and start the environment',
        )
    }
  }

  #exec(message: ExecOpen & { id: number }, socket: Socket): void {
    const refuse = (error: unknown): void => {
      socket.end(`${JSON.stringify({ id: message.id, error: remoteError(error) })}\n`)
    }
    try {
      this.#service.exec(message, socket, () => send(socket, { id: message.id, result: null }), refuse)
    } catch (error) {
      refuse(error)
    }
  }
}

function send(socket: Socket, message: FromKeeper): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`)
}
