import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, table } from './figures.ts'
import { http1, http2, type Load, type LoadResult, paced, spread } from './load.ts'
import { findProgram } from './processes.ts'
import { caddy } from './proxies/caddy.ts'
import { haproxy } from './proxies/haproxy.ts'
import { httpProxy } from './proxies/http-proxy.ts'
import { nginx } from './proxies/nginx.ts'
import type { Candidate, Setting, StartedProxy } from './proxies/proxy.ts'
import { firstId, hostOf, standin } from './proxies/standin.ts'
import { startUpstream } from './upstream.ts'

const rounds = Number(process.env.STANDIN_BENCH_ROUNDS ?? 7)
const seconds = Number(process.env.STANDIN_BENCH_SECONDS ?? 3)
const domain = 'test-envs.localhost'
const host = hostOf(firstId, domain)

interface Contestant {
  readonly name: string
  readonly proxy: StartedProxy
}

interface Sample extends LoadResult {
  /** Processor time of the proxy, µs for each request. Unlike the rate it hardly depends on what else the machine does. */
  readonly cpuMicros: number
  /** Share of its core that the proxy used. Well below 1: the load or the machine was the limit, not the proxy. */
  readonly busy: number
}

type Drive = (load: Load) => Promise<LoadResult>

/** One kind of traffic for all who can take it, in turn, again and again: what the machine does meanwhile hits all alike. */
async function interleaved(contestants: readonly Contestant[], secure: boolean, drive: Drive): Promise<Map<string, Sample[]>> {
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]))
  // The first round warms up: compilers, connections.
  for (let round = -1; round < rounds; round++) {
    for (const { name, proxy } of contestants) {
      const sample = await measured(proxy, () =>
        drive({ port: (secure ? proxy.https : proxy.http) as number, host, tls: secure, seconds: round < 0 ? 2 : seconds }),
      )
      if (round >= 0) samples.get(name)?.push(sample)
    }
  }
  return samples
}

async function measured({ server }: StartedProxy, work: () => Promise<LoadResult>): Promise<Sample> {
  const before = server.cpuMs
  const result = await work()
  const cpuMs = server.cpuMs - before
  const elapsedMs = (result.requests / result.requestsPerSecond) * 1000
  return { ...result, cpuMicros: (cpuMs * 1000) / result.requests, busy: cpuMs / elapsedMs }
}

const of = (samples: readonly Sample[] | undefined, figure: keyof Sample) => (samples ?? []).map((sample) => sample[figure])

/** Median of the ratios within each round; a dash where the other wasn't there. */
function ratio(ours: readonly number[], others: readonly number[]): string {
  return others.length === 0 ? '–' : median(ours.map((value, round) => value / (others[round] ?? Number.NaN))).toFixed(2)
}

function printComparison(kind: string, samples: Map<string, Sample[]>): void {
  const figures = (name: string, figure: keyof Sample) => of(samples.get(name), figure)
  table(
    [kind, 'requests/s', '× nginx', '× Caddy', 'processor µs/request', 'its core busy'],
    [...samples.keys()].map((name) => [
      name,
      median(figures(name, 'requestsPerSecond')),
      ratio(figures(name, 'requestsPerSecond'), figures('nginx', 'requestsPerSecond')),
      ratio(figures(name, 'requestsPerSecond'), figures('Caddy', 'requestsPerSecond')),
      median(figures(name, 'cpuMicros')),
      `${(median(figures(name, 'busy')) * 100).toFixed(0)} %`,
    ]),
  )
  console.log()
}

/** Latency where the proxy isn't the bottleneck: at half of what it can do, and at half of what Caddy can. */
async function printLatency(contestants: readonly Contestant[], peaks: Map<string, Sample[]>, directory: string): Promise<void> {
  const half = (name: string) => median(of(peaks.get(name), 'requestsPerSecond')) / 2
  const equal = half(peaks.has('Caddy') ? 'Caddy' : 'Standin')
  const rows = new Map(contestants.map(({ name }) => [name, { own: [] as Sample[], equal: [] as Sample[] }]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, proxy } of contestants) {
      const load: Load = { port: proxy.http, host, tls: false, seconds }
      rows.get(name)?.own.push(await measured(proxy, () => paced(load, half(name), directory)))
      rows.get(name)?.equal.push(await measured(proxy, () => paced(load, equal, directory)))
    }
  }
  table(
    [
      'HTTP/1.1, paced',
      'at half of its own: requests/s',
      'p50 ms',
      'p99 ms',
      'all at one rate: requests/s',
      'p50 ms',
      'p99 ms',
      'p99 × Caddy',
    ],
    [...rows].map(([name, { own, equal }]) => [
      name,
      median(of(own, 'requestsPerSecond')),
      median(of(own, 'p50')),
      median(of(own, 'p99')),
      median(of(equal, 'requestsPerSecond')),
      median(of(equal, 'p50')),
      median(of(equal, 'p99')),
      ratio(of(equal, 'p99'), of(rows.get('Caddy')?.equal, 'p99')),
    ]),
  )
  console.log()
}

/** What ten thousand environments cost beside one. */
async function printTableSize(setting: Setting): Promise<void> {
  const many = 10_000
  const contestants: Contestant[] = []
  try {
    for (const count of [1, many]) contestants.push({ name: String(count), proxy: await standin(count).start(setting) })
    const samples = await interleaved(contestants, false, http1)
    const hosts = Array.from({ length: many }, (_, index) => hostOf(firstId + index, domain))
    const last = contestants.at(-1) as Contestant
    const all: Sample[] = []
    for (let round = 0; round < rounds; round++) {
      const load: Load = { port: last.proxy.http, host, tls: false, seconds }
      all.push(await measured(last.proxy, () => spread(load, hosts, setting.directory)))
    }
    const row = (what: string, values: readonly Sample[] | undefined, { proxy }: Contestant) => [
      what,
      median(of(values, 'requestsPerSecond')),
      ratio(of(values, 'requestsPerSecond'), of(samples.get('1'), 'requestsPerSecond')),
      ratio(of(values, 'cpuMicros'), of(samples.get('1'), 'cpuMicros')),
      proxy.server.residentMiB,
    ]
    table(
      ['environments in the table', 'requests/s', '× one', 'processor time × one', 'MiB resident'],
      [
        ...contestants.map((contestant) => row(contestant.name, samples.get(contestant.name), contestant)),
        row(`${many}, all of them asked`, all, last),
      ],
    )
  } finally {
    for (const { proxy } of contestants) await proxy.server[Symbol.asyncDispose]()
  }
}

function selfSigned(directory: string): { certificate: string; key: string } {
  const [certificate, key] = [join(directory, 'bench.crt'), join(directory, 'bench.key')]
  const names = `subjectAltName=DNS:*.${domain}`
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=bench']
  execFileSync('openssl', [...args, '-addext', names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  return { certificate, key }
}

/** Those of the peers that are installed; says which aren't. */
function installed(peers: readonly Candidate[]): Candidate[] {
  return peers.filter(({ name, program }) => {
    const there = program === undefined || findProgram(program.name) !== undefined
    if (!there) console.log(`${name} is not installed (Debian: \`apt-get install ${program?.package}\`): left out`)
    return there
  })
}

export async function bench(): Promise<void> {
  if (availableParallelism() < 2) throw new Error('this comparison needs two cores: one for the proxy, one for the load')
  for (const [tool, origin] of Object.entries({ taskset: 'util-linux', openssl: 'openssl', wrk: 'wrk', h2load: 'nghttp2-client' }))
    if (findProgram(tool) === undefined) throw new Error(`${tool} is not installed (Debian: apt-get install ${origin})`)
  const directory = mkdtempSync(join(tmpdir(), 'standin-bench-'))
  const upstream = await startUpstream(directory)
  const contestants: Contestant[] = []
  try {
    const setting: Setting = { directory, upstream: upstream.port, domain, ...selfSigned(directory) }
    for (const proxy of [standin(1), ...installed([nginx, haproxy, caddy, httpProxy])])
      contestants.push({ name: proxy.name, proxy: await proxy.start(setting) })
    console.log(`Each on one core, ${rounds} rounds of ${seconds} s in turn; medians, ratios within rounds.\n`)
    const peaks = await interleaved(contestants, false, http1)
    printComparison('HTTP/1.1', peaks)
    const secure = contestants.filter(({ proxy }) => proxy.https !== null)
    printComparison('HTTP/1.1 over TLS', await interleaved(secure, true, http1))
    printComparison(
      'HTTP/2 over TLS',
      await interleaved(
        secure.filter(({ proxy }) => proxy.http2),
        true,
        http2,
      ),
    )
    await printLatency(contestants, peaks, directory)
    await printTableSize(setting)
  } finally {
    for (const { proxy } of contestants.toReversed()) await proxy.server[Symbol.asyncDispose]()
    await upstream.server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  }
}
