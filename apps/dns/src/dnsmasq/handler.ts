import type { Handler } from '../handlers/handler.ts'
import type { DnsmasqRules } from './dnsmasq-rules.ts'

/** What a dnsmasq configuration, and the files that it names, say of a name themselves. */
export function dnsmasqFile(rules: DnsmasqRules): Handler {
  return (query) => rules.current.answer(query)
}
