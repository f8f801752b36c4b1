import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import type { ListenAddress } from '../gateway-config.ts'

/** Connections that may wait to be accepted. The kernel caps it (`net.core.somaxconn`). */
const backlog = 4_096
/** Turns of the event loop that the queue is looked at, at most, before the socket closes. */
const lastTurns = 2_000

export interface ListenOptions extends ListenAddress {
  /** Names the address in errors: `--http`. */
  readonly flag: string
  /** Other processes of this user may listen there as well: an older gateway that is about to end, our own workers. */
  readonly shared: boolean
}

/** A socket that accepts connections. It lets others of this user listen on its port, so that a next gateway can take over. */
export class ListeningSocket {
  readonly #server: Server
  #accepted = 0

  constructor(onConnection: (socket: Socket) => void, onError: (error: Error) => void) {
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
      this.#accepted++
      onConnection(socket)
    })
    this.#server.on('error', (error) => {
      if (this.#server.listening) onError(error)
    })
  }

  /**
   * Returns the address, `127.0.0.1:8080`.
   * @throws StandinError `port_taken`, `invalid`
   */
  async listen(options: ListenOptions): Promise<string> {
    // A port that is shared can be listened on by anybody's second gateway, by mistake: unless that is wanted, it has to be free.
    if (!options.shared && options.port !== 0) await tryExclusively(options)
    try {
      await listenOn(this.#server, options, true)
    } catch (error) {
      if (!(error instanceof Unsupported) || options.shared) throw error instanceof Unsupported ? error.problem : error
      await listenOn(this.#server, options, false)
    }
    return addressText(this.#server.address() as AddressInfo)
  }

  /**
   * Accepts what is queued, and closes at a moment when the queue is empty: who was let in by the kernel is served, also
   * when new connections come all the time.
   */
  async close(): Promise<void> {
    const server = this.#server
    if (!server.listening) return
    await new Promise<void>((resolve) => {
      let before = -1
      let turns = 0
      // Right after the poll, in which libuv accepts until there is nothing more.
      const afterPoll = () => {
        if (this.#accepted === before || ++turns > lastTurns) {
          // Resolves by the listening socket alone: its connections have their own ends.
          server.close()
          resolve()
          return
        }
        before = this.#accepted
        setImmediate(afterPoll)
      }
      setImmediate(afterPoll)
    })
  }
}

/** This system has no such way of sharing a port. */
class Unsupported extends Error {
  readonly problem: StandinError

  constructor(problem: StandinError) {
    super(problem.message)
    this.problem = problem
  }
}

const listenOn = (server: Server, { host, port, flag }: ListenOptions, reusePort: boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      server.off('listening', onListening)
      const problem = listenProblem(error, host, port, flag)
      reject(reusePort && (error.code === 'ENOTSUP' || error.code === 'ENOSYS') ? new Unsupported(problem) : problem)
    }
    const onListening = () => {
      server.off('error', onError)
      resolve()
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen({ host, port, backlog, reusePort, exclusive: true })
  })

/** Fails where anybody listens, those who share the port included. */
const tryExclusively = async (options: ListenOptions): Promise<void> => {
  const server = createServer()
  await listenOn(server, options, false)
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

const addressText = ({ address, port, family }: AddressInfo) => `${family === 'IPv6' ? `[${address}]` : address}:${port}`

const listenProblem = (error: NodeJS.ErrnoException, host: string, port: number, flag: string): StandinError => {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (error.code === 'EADDRINUSE') {
    return new StandinError('port_taken', `${where} is taken by another process`, {
      hint: `Give the gateway another address with ${flag} HOST:PORT, or end what listens there${flag === '--admin' ? '' : '; docs/guide/running-the-gateway.md tells how one gateway takes over from another'}`,
    })
  }
  const hint =
    error.code === 'EACCES'
      ? `Ports below 1024 need the right to: see ${flag} HOST:PORT`
      : `${flag} takes an address of this machine, as HOST:PORT`
  return new StandinError('invalid', `The gateway can not listen on ${where}: ${error.message}`, { hint, cause: error })
}
