import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Fault, StandinError } from '@standin/client/errors'
import type { UpstreamServer } from './dnsmasq/settings.ts'
import type { ListenAddress } from './server/dns-server.ts'
import { isOurselves } from './upstream/own-addresses.ts'
import { readUpstream } from './upstream/upstream-address.ts'

export interface DnsConfig {
  /** STANDIN_HOME: the last good table is kept below it, and control is found by what it writes there. */
  readonly home: string
  /** Where queries are taken, UDP and TCP. Port 0: any. */
  readonly listen: ListenAddress
  /** Address of control; undefined: as `run/control.json` below the home says. */
  readonly control: string | undefined
  readonly tokenFile: string | undefined
  /** Whom foreign names are asked of, in this order; undefined: as /etc/resolv.conf says; empty: nobody. */
  readonly upstreams: readonly UpstreamServer[] | undefined
  /** dnsmasq's configuration file. Without `control`, nothing else says which names there are. */
  readonly confFile: string | undefined
}

const options = {
  home: { type: 'string' },
  dns: { type: 'string', default: '127.0.0.1:5354' },
  control: { type: 'string' },
  'token-file': { type: 'string' },
  upstream: { type: 'string', multiple: true },
  listen: { type: 'string' },
  'conf-file': { type: 'string' },
} as const

const usage =
  '--home DIR --dns ADDRESS:PORT --control URL --token-file FILE --upstream ADDRESS:PORT or tls://ADDRESS#NAME (again for more; "none" for none) --conf-file FILE'

/**
 * Reads the flags; `STANDIN_HOME` stands in for `--home`.
 * @throws StandinError `invalid` with every fault
 */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): DnsConfig {
  const flags = parseFlags(args)
  const faults: Fault[] = []
  const at = flags.listen ?? flags.dns
  const listen = readAddress(at)
  if (listen === undefined) faults.push({ path: '--dns', message: `"${at}" is not a numeric address with a port, such as 127.0.0.1:5354` })
  const upstreams = readUpstreams(flags.upstream, faults)
  if (listen !== undefined && upstreams?.some((upstream) => isOurselves(upstream, listen))) {
    faults.push({ path: '--upstream', message: 'the resolver would ask itself' })
  }
  if (flags.control !== undefined && !/^https?:$/.test(URL.parse(flags.control)?.protocol ?? '')) {
    faults.push({ path: '--control', message: `"${flags.control}" is not an http or https address` })
  }
  if (faults.length > 0 || listen === undefined) {
    throw new StandinError('invalid', faults.map(({ path, message }) => `${path}: ${message}`).join('; '), { hint: usage, errors: faults })
  }
  const state = environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state')
  return {
    home: flags.home ?? environment.STANDIN_HOME ?? join(state, 'standin'),
    listen,
    control: flags.control,
    tokenFile: flags['token-file'],
    upstreams,
    confFile: flags['conf-file'],
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (cause) {
    throw new StandinError('invalid', (cause as Error).message, { hint: usage, cause })
  }
}

function readUpstreams(texts: readonly string[] | undefined, faults: Fault[]): UpstreamServer[] | undefined {
  if (texts === undefined) return undefined
  const named = texts.filter((text) => text !== 'none')
  if (named.length > 0 && named.length < texts.length)
    faults.push({ path: '--upstream', message: '"none" and an address exclude each other' })
  return named.flatMap((text) => {
    const upstream = readUpstream(text)
    if (upstream !== undefined) return [upstream]
    faults.push({ path: '--upstream', message: `"${text}" is not a numeric address, with or without a port, or tls:// in front of one` })
    return []
  })
}

/** `127.0.0.1:53`, `[::1]:53`. */
function readAddress(text: string): ListenAddress | undefined {
  const [, ipv6, other, digits] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? []
  const address = ipv6 ?? other ?? ''
  const port = Number(digits)
  return isIP(address) === (ipv6 === undefined ? 4 : 6) && port <= 65_535 ? { address, port } : undefined
}
