import { isIP } from 'node:net'
import type { Context } from '../context.ts'
import { type Asked, askServer, parseServer, type ServerAddress } from '../dig/ask-server.ts'
import type { DigRecord } from '../dig/message.ts'
import { typeNumber } from '../dig/record-types.ts'
import { reverseName } from '../dig/reverse-name.ts'
import { ruleText } from '../dig/rule-text.ts'
import { findHome } from '../home.ts'
import { readRunningFile } from '../running-file.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly server?: ServerAddress
  readonly tcp?: boolean
}

/** Where a resolver listens that was not told otherwise. */
const usualServer: ServerAddress = { address: '127.0.0.1', port: 5354 }

export const dig: Verb<readonly [string, string | undefined], Options> = {
  description:
    "Asks the resolver and shows what it answers, and which of its rules gave that: a name of Standin's domain, a line of dnsmasq's\n" +
    'file, the cache, an upstream. The rule is told to askers on the same machine only. Any other server can be asked too, for the\n' +
    'answer alone. An address is asked for its name.',
  arguments: [
    { name: '<name>', description: 'a name, or an address' },
    { name: '[type]', description: 'A, AAAA, TXT, SRV, MX … or TYPE65; A where it is left out, PTR for an address' },
  ],
  options: [
    { flags: '--server <address>', description: 'whom to ask, e.g. 192.0.2.53 or 127.0.0.1:5354', parse: parseServer },
    { flags: '--tcp', description: 'over TCP' },
  ],
  examples: [
    ['standin dig www-1001.test-envs.localhost', 'the resolver of the platform that runs here'],
    ['standin dig web.1001.test-envs.localhost AAAA --json', 'for a script'],
    ['standin dig 127.64.0.1', 'what is this address called?'],
    ['standin dig example.com MX --server 192.0.2.53', 'another server'],
  ],
  async run(context, [name, type], { server, tcp = false }) {
    const isAddress = isIP(name) !== 0
    const asked = isAddress ? reverseName(name) : name
    const kind = (type ?? (isAddress ? 'PTR' : 'A')).toUpperCase()
    const answer = await askServer(server ?? (await ownServer(context)), asked, typeNumber(kind), tcp, context.signal)
    await context.output.one({ name: asked, type: kind, ...answer }, () => format(asked, kind, answer, context))
  },
}

async function ownServer({ flags, env }: Context): Promise<ServerAddress> {
  const running = await readRunningFile(findHome(flags.home, env))
  return running === null ? usualServer : parseServer(running.dns)
}

function format(name: string, type: string, answer: Asked, { output }: Context): string {
  const { status, flags, answers, authorities, additionals, extendedErrors, rule, server, transport, ms } = answer
  const { dim } = output.paint
  const isNothing = answers.length === 0
  const lines = isNothing ? [nothingText(name, type, status)] : records(answers)
  const zone = authorities.find((record) => record.type === 'SOA')
  const pairs: [string, string][] = [
    ...additionals.map((record): [string, string] => ['along', `${record.name} ${record.type} ${record.data}`]),
    ['status', [status, ...(flags.includes('aa') ? ['authoritative'] : []), ...(flags.includes('ad') ? ['validated'] : [])].join(', ')],
    ['rule', ruleText(rule)],
    ...extendedErrors.map(({ code, text }): [string, string] => ['why', text === '' ? `extended error ${code} (RFC 8914)` : text]),
    ...(isNothing && zone !== undefined ? [['zone', `${zone.name} SOA ${zone.data}`] as [string, string]] : []),
    ['server', `${server}, ${transport}, ${ms} ms`],
  ]
  return [...lines, '', formatPairs(pairs, dim)].join('\n')
}

function nothingText(name: string, type: string, status: string): string {
  if (status === 'NXDOMAIN') return `There is no ${name}.`
  return status === 'NOERROR' ? `${name} has no ${type}.` : `${name} ${type} was not answered.`
}

/** In columns. */
function records(answers: readonly DigRecord[]): string[] {
  const width = Math.max(...answers.map(({ name }) => name.length))
  return answers.map(({ name, ttl, type, data }) => `${name.padEnd(width)}  ${String(ttl).padStart(6)}  ${type.padEnd(5)}  ${data}`)
}
