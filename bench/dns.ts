import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median, table } from './figures.ts'
import { coredns } from './names/coredns.ts'
import { dnsmasq } from './names/dnsmasq.ts'
import { type NameServer, type NameSetting, namesOf, type StartedNameServer } from './names/name-server.ts'
import { standin, standinWithFile } from './names/standin.ts'
import { unbound } from './names/unbound.ts'
import { cores, findProgram } from './processes.ts'

const rounds = Number(process.env.STANDIN_BENCH_ROUNDS ?? 7)
const seconds = Number(process.env.STANDIN_BENCH_SECONDS ?? 3)
const domain = 'bench.example'
const foreignDomain = 'foreign.example'
const fewNames = Number(process.env.STANDIN_BENCH_NAMES ?? 10_000)
const manyNames = fewNames * 50
const foreignNames = 1000

interface Contestant extends StartedNameServer {
  readonly name: string
}

interface Sample {
  readonly queriesPerSecond: number
  /** Processor time of the server, µs for each query. Unlike the rate it hardly depends on what else the machine does. */
  readonly cpuMicros: number
  /** Share of the queries that no answer came to. */
  readonly lost: number
  /** Share of its core that the server used. Well below 1: the load or the machine was the limit, not the server. */
  readonly busy: number
}

/** @throws Error where not all answers are NOERROR: that would be another measurement */
async function ask({ name, server, port }: Contestant, queries: string, limit: readonly string[]): Promise<Sample> {
  const before = server.cpuMs
  const load = ['-c', String(cores.load), 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', queries, '-T', '1', '-c', '4', ...limit]
  const { stdout } = await promisify(execFile)('taskset', load)
  const cpuMs = server.cpuMs - before
  const figure = (label: string) => Number(new RegExp(`${label}:\\s+([0-9.]+)`).exec(stdout)?.[1])
  const completed = figure('Queries completed')
  if (!/Response codes:\s+NOERROR \d+ \(100\.00%\)/.test(stdout)) throw new Error(`${name} does not know all names:\n${stdout}`)
  return {
    queriesPerSecond: figure('Queries per second'),
    cpuMicros: (cpuMs * 1000) / completed,
    lost: figure('Queries lost') / figure('Queries sent'),
    busy: cpuMs / (figure('Run time \\(s\\)') * 1000),
  }
}

/** One kind of question to all, in turn, again and again: what the machine does meanwhile hits all alike. */
async function interleaved(
  contestants: readonly Contestant[],
  directory: string,
  names: readonly string[],
): Promise<Map<string, Sample[]>> {
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]))
  const queries = join(directory, 'queries.txt')
  for (let round = -1; round < rounds; round++) {
    writeFileSync(
      queries,
      shuffled(names)
        .map((name) => `${name} A\n`)
        .join(''),
    )
    for (const contestant of contestants) {
      // The first round warms up: compilers, caches. Each name is asked for three times in it.
      if (round < 0) await ask(contestant, queries, ['-n', names.length < 50_000 ? '20' : '3'])
      else samples.get(contestant.name)?.push(await ask(contestant, queries, ['-l', String(seconds)]))
    }
  }
  return samples
}

function shuffled(names: readonly string[]): string[] {
  const list = [...names]
  for (let index = list.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    const name = list[index] as string
    list[index] = list[other] as string
    list[other] = name
  }
  return list
}

const of = (samples: readonly Sample[] | undefined, figure: keyof Sample) => (samples ?? []).map((sample) => sample[figure])

/** Median of the ratios within each round; a dash where the other wasn't there. */
function ratio(ours: readonly number[], others: readonly number[]): string {
  return others.length === 0 ? '–' : median(ours.map((value, round) => value / (others[round] ?? Number.NaN))).toFixed(2)
}

function printComparison(kind: string, samples: Map<string, Sample[]>, contestants: readonly Contestant[]): void {
  const peer = samples.get(dnsmasq.name)
  table(
    [kind, 'queries/s', '× dnsmasq', 'processor µs/query', '× dnsmasq', 'its core busy', 'lost, %', 'MiB resident'],
    contestants.map(({ name, server }) => {
      const own = samples.get(name)
      return [
        name,
        median(of(own, 'queriesPerSecond')),
        ratio(of(own, 'queriesPerSecond'), of(peer, 'queriesPerSecond')),
        median(of(own, 'cpuMicros')),
        ratio(of(own, 'cpuMicros'), of(peer, 'cpuMicros')),
        `${(median(of(own, 'busy')) * 100).toFixed(0)} %`,
        (Math.max(...of(own, 'lost')) * 100).toFixed(3),
        server.residentMiB,
      ]
    }),
  )
  console.log()
}

/** All of them with the same names. */
async function start(
  servers: readonly NameServer[],
  directory: string,
  { domain, count, upstream }: Pick<NameSetting, 'domain' | 'count'> & { readonly upstream?: number },
): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  try {
    for (const [index, server] of servers.entries()) {
      const own = join(directory, `${domain}-${count}-${index}`)
      mkdirSync(own)
      const hostsFile = join(own, 'hosts')
      writeFileSync(hostsFile, [...namesOf(domain, count)].map((name) => `127.0.0.1 ${name}\n`).join(''))
      const setting: NameSetting = { directory: own, domain, count, hostsFile, upstream }
      contestants.push({ name: server.name, ...(await server.start(setting)) })
    }
    return contestants
  } catch (cause) {
    await stop(contestants)
    throw cause
  }
}

async function stop(contestants: readonly Contestant[]): Promise<void> {
  for (const { server } of contestants.toReversed()) await server[Symbol.asyncDispose]()
}

async function compare(servers: readonly NameServer[], directory: string, count: number): Promise<Map<string, Sample[]>> {
  const contestants = await start(servers, directory, { domain, count })
  try {
    const samples = await interleaved(contestants, directory, [...namesOf(domain, count)])
    printComparison(`${count} names of its own`, samples, contestants)
    return samples
  } finally {
    await stop(contestants)
  }
}

/** Names that an upstream knows and that were asked for before. */
async function compareCaches(servers: readonly NameServer[], directory: string): Promise<void> {
  const foreign = await start([dnsmasq], directory, { domain: foreignDomain, count: foreignNames })
  const [{ port }] = foreign as [Contestant]
  const contestants: Contestant[] = []
  try {
    contestants.push(...(await start(servers, directory, { domain, count: 0, upstream: port })))
    const samples = await interleaved(contestants, directory, [...namesOf(foreignDomain, foreignNames)])
    printComparison(`${foreignNames} names in the cache`, samples, contestants)
  } finally {
    await stop([...foreign, ...contestants])
  }
}

/** Those of the peers that are installed; says which aren't. */
function installed(peers: readonly NameServer[]): NameServer[] {
  return peers.filter(({ name, program }) => {
    const there = program === undefined || findProgram(program.name) !== undefined
    if (!there) {
      const origin = program?.package === undefined ? '' : ` (Debian: \`apt-get install ${program.package}\`)`
      console.log(`${name} is not installed${origin}: left out`)
    }
    return there
  })
}

export async function bench(): Promise<void> {
  if (availableParallelism() < 2) throw new Error('this comparison needs two cores: one for the server, one for the load')
  for (const [tool, origin] of Object.entries({ taskset: 'util-linux', dnsperf: 'dnsperf', dnsmasq: 'dnsmasq-base' }))
    if (findProgram(tool) === undefined) throw new Error(`${tool} is not installed (Debian: apt-get install ${origin})`)
  const directory = mkdtempSync(join(tmpdir(), 'standin-bench-'))
  try {
    const peers = installed([dnsmasq, unbound, coredns])
    console.log(`Each on one core, ${rounds} rounds of ${seconds} s in turn; medians, ratios within rounds.\n`)
    const few = await compare([standin, standinWithFile, ...peers], directory, fewNames)
    const many = await compare([standin, dnsmasq], directory, manyNames)
    table(
      [`${manyNames} names × ${fewNames}`, 'processor µs/query'],
      [standin, dnsmasq].map(({ name }) => [
        name,
        (median(of(many.get(name), 'cpuMicros')) / median(of(few.get(name), 'cpuMicros'))).toFixed(2),
      ]),
    )
    console.log()
    await compareCaches([standin, standinWithFile, ...peers.filter((peer) => peer !== coredns)], directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
