import { once } from 'node:events'
import net from 'node:net'

/** The system gives out ports from 32768 on (ip_local_port_range of Linux), to whoever asks for any: below, nobody comes in between by chance. */
const lowest = 10_000
const ports = 22_000
const attempts = 50

/** A port that nobody has for TCP at any of these addresses; for tests that need the same one at several. */
export async function unusedPort(...addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = lowest + Math.floor(Math.random() * ports)
    const free = await Promise.all(addresses.map((address) => isFree(address, port)))
    if (free.every(Boolean)) return port
  }
  throw new Error(`no port of ${attempts} is free at ${addresses.join(' and ')}`)
}

async function isFree(address: string, port: number): Promise<boolean> {
  const server = net.createServer()
  try {
    server.listen({ host: address, port, exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
