import { Agent, request } from 'node:http'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { openRaw } from '../testing/raw-client.ts'
import { startControl } from '../testing/small-control.ts'
import { spawnGateway } from '../testing/spawn-gateway.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

/** A gateway that drains closes what nobody used for a second. */
const idleMs = 900

/**
 * Asks again and again, `lanes` at a time, and keeps what went wrong. Where this process itself stood still for so long that its connection
 * may be closed, a request over it may fail (RFC 9112, section 9.3.1) and is none of the gateway's.
 */
class Load {
  readonly failed: string[] = []
  served = 0
  #stopped = false
  readonly #agent: Agent
  readonly #port: number
  readonly #lanes: Promise<void>[]
  readonly #answeredAt = new WeakMap<Socket, number>()

  constructor(port: number, keepAlive: boolean, lanes: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive, maxSockets: lanes })
    this.#lanes = Array.from({ length: lanes }, () => this.#lane())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#lanes)
    this.#agent.destroy()
  }

  async #lane(): Promise<void> {
    while (!this.#stopped) {
      await this.#ask().catch((error: Error) => this.failed.push(error.message))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port: this.#port, agent: this.#agent, headers: { host: `www-1001.${domain}` } },
        (response) => {
          let body = ''
          response.on('data', (chunk) => {
            body += chunk
          })
          response.on('error', reject)
          const { socket } = call
          response.on('end', () => {
            if (socket !== null) this.#answeredAt.set(socket, performance.now())
            if (response.statusCode !== 200 || body !== 'hello') reject(new Error(`${response.statusCode} ${body}`))
            else this.served++
            resolve()
          })
        },
      )
      let wasIdle = false
      call.once('socket', (socket) => {
        wasIdle = performance.now() - (this.#answeredAt.get(socket) ?? Number.POSITIVE_INFINITY) > idleMs
      })
      call.on('error', (error) => (wasIdle ? resolve() : reject(error)))
      call.end()
    })
  }
}

it('a new gateway takes over the port of an old one, again and again, and no request is lost', { timeout: 300_000 }, async () => {
  const upstream = await use(startHttpUpstream((_, res) => setTimeout(() => res.end('hello'), 3)))
  const control = await use(startControl([routeEntry(1001, [upstream.port])]))
  const first = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0'))
  while ((await fetchThrough(first.port, 1001)).status !== 200);
  const again = await use(spawnGateway('--home', control.home, '--http', `127.0.0.1:${first.port}`))
  expect(again.line.error?.code).toBe('port_taken')

  const loads = [new Load(first.port, true, 8), new Load(first.port, false, 4)]
  let old = first
  for (let round = 0; round < 4; round++) {
    const next = await use(spawnGateway('--home', control.home, '--http', `127.0.0.1:${first.port}`, '--take-over'))
    expect(next.line.error).toBeUndefined()
    await new Promise((resolve) => setTimeout(resolve, 300))
    old.process.kill('SIGTERM')
    expect(await old.exited).toBe(0)
    old = next
  }
  await Promise.all(loads.map((load) => load.stop()))
  expect(loads.flatMap(({ failed }) => failed)).toEqual([])
  for (const { served } of loads) expect(served).toBeGreaterThan(100)
})

it('a second signal ends a gateway that drains at once', { timeout: 120_000 }, async () => {
  const upstream = await use(startHttpUpstream((_, res) => void res.write('begun')))
  const control = await use(startControl([routeEntry(1001, [upstream.port])]))
  const gateway = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0', '--drain', '10m'))
  while ((await fetchThrough(gateway.port, 1003)).status !== 410);
  const cut = fetchThrough(gateway.port, 1001)
  cut.catch(() => {})
  while (upstream.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  gateway.process.kill('SIGTERM')
  // Two signals that come before the process looks are one.
  const isOpen = () =>
    openRaw(gateway.port).then(
      (socket) => socket.on('error', () => {}).destroy(),
      () => null,
    )
  while ((await isOpen()) !== null) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(gateway.process.exitCode).toBeNull()
  gateway.process.kill('SIGTERM')
  expect(await gateway.exited).toBe(1)
  await expect(cut).rejects.toThrow()
})
