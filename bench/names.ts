import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Platform } from '@standin/testing'
import { quantile, table } from './figures.ts'
import { ChangingDnsmasq, type Told } from './names/changing-dnsmasq.ts'
import { ChangingEnvironments, changeKinds } from './names/changing-environments.ts'
import { findProgram } from './processes.ts'

const environments = Number(process.env.STANDIN_BENCH_ENVIRONMENTS ?? 5_000)
/** Ours at twenty changes a second, then some of each peer's, one after the other, and again. */
const blocks = 5
const changesPerBlock = 100
const peerChangesPerBlock = 20
const betweenChangesMs = 50
const domain = 'test-envs.localhost'

/** Another one each time, and none that is near the last one. */
const numberOf = (change: number) => (change * 37) % environments

/** Changes are made at their rate, however long one takes to be seen. */
async function changeOurs(ours: ChangingEnvironments, block: number): Promise<void> {
  const seen: Promise<void>[] = []
  for (let change = block * changesPerBlock; change < (block + 1) * changesPerBlock; change++) {
    const pause = new Promise((done) => setTimeout(done, betweenChangesMs))
    const kind = changeKinds[change % changeKinds.length] as (typeof changeKinds)[number]
    seen.push(ours.change(kind, numberOf(change)))
    await pause
  }
  await Promise.all(seen)
}

async function changePeer(peer: ChangingDnsmasq, block: number): Promise<void> {
  for (let change = 0; change < peerChangesPerBlock; change++) {
    await peer.change(numberOf(block * peerChangesPerBlock + change))
    await new Promise((done) => setTimeout(done, betweenChangesMs))
  }
}

function peersIn(directory: string): Map<string, ChangingDnsmasq> {
  if (findProgram('dnsmasq') === undefined) {
    console.log('dnsmasq is not installed (Debian: `apt-get install dnsmasq-base`): left out\n')
    return new Map()
  }
  const names = Array.from({ length: environments }, (_, index) => `www.${1001 + index}.${domain}`)
  const peer = (told: Told) => {
    const own = join(directory, told)
    mkdirSync(own)
    return new ChangingDnsmasq(names, told, own)
  }
  return new Map([
    ['dnsmasq, one hosts file written anew and SIGHUP', peer('SIGHUP')],
    ['dnsmasq, a file for each name in a watched hostsdir', peer('hostsdir')],
  ])
}

export async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'standin-bench-'))
  try {
    await using platform = await Platform.boot()
    await using stack = new AsyncDisposableStack()
    const ours = new ChangingEnvironments(platform, domain)
    const peers = peersIn(directory)
    await ours.attachAll(environments)
    for (const peer of peers.values()) {
      stack.use(peer)
      await peer.start()
    }
    for (let block = 0; block < blocks; block++) {
      await changeOurs(ours, block)
      for (const peer of peers.values()) await changePeer(peer, block)
    }
    const row = (what: string, ms: readonly number[]) => [what, String(ms.length), quantile(ms, 0.5), quantile(ms, 0.99), Math.max(...ms)]
    const all = changeKinds.flatMap((kind) => ours.ms[kind])
    table(
      [
        `from a committed change to the first answer that has it, ${environments} environments`,
        'changes',
        'p50 ms',
        'p99 ms',
        'longest ms',
      ],
      [
        row(`Standin, ${1000 / betweenChangesMs} changes a second`, all),
        ...changeKinds.map((kind) => row(`– of these ${kind}`, ours.ms[kind])),
        ...[...peers].map(([what, { ms }]) => row(what, ms)),
      ],
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}
