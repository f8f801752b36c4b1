import type { UpstreamListener, UpstreamRequest, UpstreamStream, UpstreamTransport } from '../http/upstream-stream.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import type { Address } from './dial.ts'
import { H2cTransport } from './h2c-transport.ts'

/** HTTP/2 to one endpoint, with a connection for each request: its preamble speaks for one client, and for nobody else. */
export class H2cSeparateTransport implements UpstreamTransport {
  readonly #refused: RefusedEndpoints
  readonly #address: Address
  /** One for each request that is under way. */
  readonly #all = new Set<H2cTransport>()
  #isClosing = false

  constructor(refused: RefusedEndpoints, address: Address) {
    this.#refused = refused
    this.#address = address
  }

  get connections(): number {
    let connections = 0
    for (const each of this.#all) connections += each.connections
    return connections
  }

  get busy(): number {
    let busy = 0
    for (const each of this.#all) busy += each.busy
    return busy
  }

  request(request: UpstreamRequest, listener: UpstreamListener): UpstreamStream {
    const own = new H2cTransport(this.#refused, this.#address, 1, request.preamble)
    if (this.#isClosing) own.destroy()
    const stream = own.request(request, listener)
    this.#all.add(own)
    void own.finish().then(() => this.#all.delete(own))
    return stream
  }

  async drain(ms: number): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#all].map((each) => each.drain(ms)))
  }

  destroy(): void {
    this.#isClosing = true
    for (const each of this.#all) each.destroy()
  }
}
