import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandLine } from '@standin/serving/command-line'
import { AccessList } from './clients/access-list.ts'
import type { DnsConfig } from './dns-config.ts'
import type { UpstreamServer } from './dnsmasq/settings.ts'
import { flags } from './flags.ts'
import type { ListenAddress } from './server/dns-server.ts'
import { isOurselves } from './upstream/own-addresses.ts'
import { readUpstream } from './upstream/upstream-address.ts'

type Line = CommandLine<typeof flags>

const anAddress = 'a numeric address with a port, such as 127.0.0.1:5354 or [::1]:5354 (port 0 is any free one)'
const mostWorkers = 128

/**
 * Reads the flags; `STANDIN_HOME` stands in for `--home`, `--listen` is another word for `--dns`.
 * @throws StandinError `invalid` with every fault and the flag that it is in
 */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): DnsConfig {
  const line = new CommandLine('resolver', args, flags)
  const where = line.has('listen') ? 'listen' : 'dns'
  const listen = line.value(where, (text) => readAddress(text) ?? null, anAddress) ?? { address: '127.0.0.1', port: 5354 }
  const admin = line.text('admin') === 'off' ? undefined : line.value('admin', (text) => readAddress(text) ?? null, `${anAddress}, or off`)
  const adminTokenFile = line.text('admin-token-file') ?? null
  const upstreams = readUpstreams(line, listen)
  const control = line.value(
    'control',
    (text) => (text === 'auto' || /^https?:$/.test(URL.parse(text)?.protocol ?? '') ? text : null),
    'an http or https address, or auto: as the home says',
  )
  const state = environment.XDG_STATE_HOME ?? join(environment.HOME ?? homedir(), '.local', 'state')
  const confFile = line.text('conf-file')
  const config: DnsConfig = {
    home: line.text('home') ?? environment.STANDIN_HOME ?? join(state, 'standin'),
    listen,
    admin: admin === undefined ? null : { host: admin.address, port: admin.port },
    adminTokenFile,
    control: control === 'auto' ? undefined : control,
    tokenFile: line.text('token-file'),
    upstreams,
    confFile,
    isAlone: confFile !== undefined && control === undefined,
    ttl: line.value('ttl', readTtl, 'a duration such as 5s, up to 60m'),
    allow: line.list('allow', readNetwork, 'an address or a network, such as 192.0.2.0/24, without bits behind its prefix'),
    rateLimit: line.value('rate-limit', readCount, 'a number of replies a second, or 0 for any number'),
    queryLog: line.has('query-log'),
    workers: line.value('workers', readWorkers, `a number from 1 to ${mostWorkers}`) ?? 1,
  }
  if (admin !== undefined && adminTokenFile === null && !isLoopback(admin.address)) {
    line.fault('--admin', `${admin.address} can be reached from elsewhere: it needs --admin-token-file as well`)
  }
  if (confFile !== undefined && upstreams !== undefined) {
    line.fault('--upstream', 'goes with no --conf-file: there, server= says whom to ask')
  }
  line.check(
    `It takes ${Object.keys(flags)
      .map((flag) => `--${flag}`)
      .join(' ')}`,
  )
  return config
}

function readUpstreams(line: Line, listen: ListenAddress): UpstreamServer[] | undefined {
  if (!line.has('upstream')) return undefined
  const expected = 'a numeric address, with or without a port, or tls:// in front of one, or none'
  const read = line.list<UpstreamServer | 'none'>('upstream', (text) => (text === 'none' ? text : (readUpstream(text) ?? null)), expected)
  const upstreams = read.filter((each) => each !== 'none')
  if (upstreams.length > 0 && upstreams.length < read.length) line.fault('--upstream', 'none and an address exclude each other')
  if (upstreams.some((upstream) => isOurselves(upstream, listen))) line.fault('--upstream', 'the resolver would ask itself')
  return upstreams
}

function readNetwork(text: string): string | null {
  try {
    new AccessList([text])
    return text
  } catch {
    return null
  }
}

function readWorkers(text: string): number | null {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= mostWorkers ? count : null
}

function readCount(text: string): number | null {
  return /^[0-9]{1,7}$/.test(text) ? Number(text) : null
}

/** `5s`, `2m`, as seconds. */
function readTtl(text: string): number | null {
  const [, digits, unit] = /^([0-9]{1,4})(s|m)$/.exec(text) ?? []
  const seconds = Number(digits) * (unit === 'm' ? 60 : 1)
  return seconds <= 3600 ? seconds : null
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

/** `127.0.0.1:53`, `[::1]:53`. */
function readAddress(text: string): ListenAddress | undefined {
  const [, ipv6, other, digits] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? []
  const address = ipv6 ?? other ?? ''
  const port = Number(digits)
  return isIP(address) === (ipv6 === undefined ? 4 : 6) && port <= 65_535 ? { address, port } : undefined
}
