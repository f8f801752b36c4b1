import { DnsServer, type ServerLimits } from '../server/dns-server.ts'
import type { Forwarder } from '../upstream/forwarder.ts'
import type { RecordTable } from '../zones/record-table.ts'
import { resolverOf } from './tables.ts'

/** A resolver on a free port of loopback, closed when its scope ends. */
export async function serve(
  table: RecordTable,
  forwarder?: Forwarder,
  limits: ServerLimits = {},
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = new DnsServer(
    resolverOf(table, forwarder),
    (cause) => {
      throw cause
    },
    limits,
  )
  const port = await server.listen({ address: '127.0.0.1', port: 0 })
  return {
    port,
    async [Symbol.asyncDispose]() {
      forwarder?.close()
      await server.close()
    },
  }
}
