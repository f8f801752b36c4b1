import type { Handler } from '../handlers/handler.ts'
import type { DnsmasqRules } from './dnsmasq-rules.ts'

/** What a dnsmasq configuration, and the files that it names, say of a name themselves. */
export function dnsmasqFile(rules: DnsmasqRules): Handler {
  return (query) => rules.current.answer(query)
}

/** Names that the configuration keeps from being forwarded, after all who may have an answer: localhost is one label, too. */
export function withheldByFile(rules: DnsmasqRules): Handler {
  return (query) => rules.current.withheld(query)
}
