import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Between a client and a server, and drops the connection after so many octets of the server's. */
export class CuttingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Octets that a connection may bring; infinity: as many as there are. */
  most = Number.POSITIVE_INFINITY
  /** What the last connection brought. */
  brought = 0

  constructor(port: number) {
    this.#server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1')
      this.brought = 0
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          client.destroy()
          upstream.destroy()
          this.#sockets.delete(socket)
        })
      }
      client.pipe(upstream)
      upstream.on('data', (data: Buffer) => {
        const rest = Math.max(0, this.most - this.brought)
        this.brought += data.length
        if (data.length <= rest) client.write(data)
        else client.write(data.subarray(0, rest), () => client.destroy())
      })
    })
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
