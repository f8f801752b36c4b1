import { standaloneChain } from '../../chain.ts'
import { AccessList } from '../../clients/access-list.ts'
import { Resolver } from '../../resolver.ts'
import { DnsServer } from '../../server/dns-server.ts'
import { Forwarder } from '../../upstream/forwarder.ts'
import { RecordTable } from '../../zones/record-table.ts'
import { DnsmasqRules } from '../dnsmasq-rules.ts'

export interface ServedFile extends AsyncDisposable {
  readonly port: number
  readonly rules: DnsmasqRules
  /** What went to the log. */
  readonly notices: readonly string[]
}

/** Our resolver on a free port of loopback, with a dnsmasq configuration and without a control plane. */
export async function serveFile(file: string): Promise<ServedFile> {
  const fail = (cause: unknown) => {
    throw cause
  }
  const table = new RecordTable(['127.0.0.1'])
  const notices: string[] = []
  const rules = new DnsmasqRules(file, {
    onChange: () => table.changes.bump(),
    onNotice: (text) => notices.push(text),
    isSelf: () => false,
  })
  rules.start()
  const forwarder = new Forwarder((name, labels) => rules.current.upstreamsFor(name, labels), {
    settings: rules.configuration.forwarding,
  })
  const access = new AccessList()
  const resolver = new Resolver(standaloneChain({ access, table, forwarder, rules }), {
    access,
    revision: table.changes,
    recursionAvailable: true,
    onFault: fail,
  })
  const server = new DnsServer(resolver, fail)
  const port = await server.listen({ address: '127.0.0.1', port: 0 })
  return {
    port,
    rules,
    notices,
    async [Symbol.asyncDispose]() {
      rules.close()
      forwarder.close()
      await server.close()
    },
  }
}
