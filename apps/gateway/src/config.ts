import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandLine } from '@standin/serving/command-line'
import { parseAddress, parseCount, parseDuration, parseNetworkText, parseProbe } from './config-values.ts'
import { defaultClientLimits, type GatewayConfig } from './gateway-config.ts'

const flags = {
  home: 'value',
  http: 'value',
  https: 'value',
  admin: 'value',
  'admin-token-file': 'value',
  'tls-cert': 'value',
  'tls-key': 'value',
  redirect: 'switch',
  trusted: 'list',
  'proxy-protocol': 'list',
  probe: 'list',
  routes: 'value',
  control: 'value',
  'token-file': 'value',
  workers: 'value',
  'take-over': 'switch',
  drain: 'value',
  'max-connections': 'value',
  'max-connections-per-client': 'value',
  'max-header-bytes': 'value',
  'header-timeout': 'value',
  'idle-timeout': 'value',
  'stall-timeout': 'value',
  'handshake-timeout': 'value',
} as const

const anAddress = '127.0.0.1:8080 or [::1]:8080 (port 0 is any free one)'
const aTimeout = 'a duration such as 20s, from 1s to 60m'
const { headerBytes, headerMs, idleMs, stallMs, handshakeMs } = defaultClientLimits
const aNetwork = 'addresses or networks such as 10.0.0.0/8'

/**
 * Reads the command line. Flag, then environment, then default.
 * @throws StandinError `invalid`, with every fault and the flag that it is in
 */
export const readConfig = (args: readonly string[], environment: NodeJS.ProcessEnv = process.env): GatewayConfig => {
  const line = new CommandLine('gateway', args, flags)
  const config: GatewayConfig = {
    home:
      line.text('home') ??
      environment.STANDIN_HOME ??
      join(environment.XDG_STATE_HOME ?? join(environment.HOME ?? homedir(), '.local', 'state'), 'standin'),
    http:
      line.text('http') === 'off' ? null : (line.value('http', parseAddress, `${anAddress}, or off`) ?? { host: '127.0.0.1', port: 8080 }),
    https: line.text('https') === 'off' ? null : (line.value('https', parseAddress, `${anAddress}, or off`) ?? null),
    admin: line.text('admin') === 'off' ? null : (line.value('admin', parseAddress, `${anAddress}, or off`) ?? null),
    adminTokenFile: line.text('admin-token-file') ?? null,
    tls: tlsFiles(line),
    redirect: line.has('redirect'),
    trusted: line.list('trusted', parseNetworkText, aNetwork),
    proxyProtocol: line.list('proxy-protocol', parseNetworkText, aNetwork),
    probes: line.list('probe', parseProbe, 'kube-probe/, path:/healthz or network:10.0.0.0/8, with + between those that must all fit'),
    routes: line.text('routes') ?? null,
    control: line.text('control'),
    tokenFile: line.text('token-file'),
    workers: line.value('workers', (text) => parseCount(text, 1, 128), 'a number from 1 to 128') ?? 1,
    takeOver: line.has('take-over'),
    drainMs: line.value('drain', parseDuration, 'a duration such as 10s') ?? 10_000,
    limits: {
      connections: line.value('max-connections', (text) => parseCount(text, 1, 1_000_000), 'a number from 1 to 1000000') ?? 20_000,
      connectionsPerClient:
        line.value('max-connections-per-client', (text) => parseCount(text, 1, 1_000_000), 'a number from 1 to 1000000') ?? null,
    },
    clientLimits: {
      headerBytes: line.value('max-header-bytes', (text) => parseCount(text, 1_024, 65_536), 'a number from 1024 to 65536') ?? headerBytes,
      headerMs: line.value('header-timeout', parseTimeout, aTimeout) ?? headerMs,
      idleMs: line.value('idle-timeout', parseTimeout, aTimeout) ?? idleMs,
      stallMs: line.value('stall-timeout', parseTimeout, aTimeout) ?? stallMs,
      handshakeMs: line.value('handshake-timeout', parseTimeout, aTimeout) ?? handshakeMs,
    },
  }
  checkTogether(line, config)
  line.check(
    `It takes ${Object.keys(flags)
      .map((flag) => `--${flag}`)
      .join(' ')}`,
  )
  return config
}

/** Connections are looked at every half second: what is shorter could not be kept. */
const parseTimeout = (text: string): number | null => {
  const ms = parseDuration(text)
  return ms !== null && ms >= 1_000 && ms <= 3_600_000 ? ms : null
}

type Line = CommandLine<typeof flags>

const tlsFiles = (line: Line): GatewayConfig['tls'] => {
  const [certFile, keyFile] = [line.text('tls-cert'), line.text('tls-key')]
  if (certFile === undefined && keyFile === undefined) return null
  if (certFile === undefined) line.fault('--tls-key', 'needs --tls-cert as well')
  if (keyFile === undefined) line.fault('--tls-cert', 'needs --tls-key as well')
  return { certFile: certFile ?? '', keyFile: keyFile ?? '' }
}

/** What each flag allows by itself, but not with the others. */
const checkTogether = (
  line: Line,
  { http, https, admin, adminTokenFile, tls, redirect, routes, control, tokenFile }: GatewayConfig,
): void => {
  if (http === null && https === null) line.fault('--http', 'off needs --https: there would be nothing to listen on')
  if (tls !== null && https === null) line.fault('--tls-cert', 'needs --https as well')
  if (redirect && (https === null || http === null)) line.fault('--redirect', 'needs both --http and --https')
  if (admin !== null && adminTokenFile === null && !isLoopback(admin.host)) {
    line.fault('--admin', `${admin.host} can be reached from elsewhere: it needs --admin-token-file as well`)
  }
  if (routes !== null && (control !== undefined || tokenFile !== undefined)) {
    line.fault('--routes', 'takes the place of control: it goes with neither --control nor --token-file')
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\.[0-9.]+$/.test(host)
