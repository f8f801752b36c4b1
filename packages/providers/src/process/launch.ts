import { randomBytes } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { type Isolation, overlayOptions } from './isolation.ts'
import { type EnvironmentRecord, type LaunchSpec, type Layout, writeJson } from './layout.ts'
import { mountsOf } from './mounts.ts'
import { hostsFile } from './process-environment.ts'
import { fault, quote } from './shell.ts'
import type { Standby } from './standby.ts'

export interface LaunchOptions {
  readonly layout: Layout
  readonly isolation: Isolation
  readonly standby: Standby
  readonly hiddenDirs: readonly string[]
  readonly domain: string
  readonly startTimeoutMs: number
}

/** The tree of an environment as its processes see it. */
export function treeRoot(options: Pick<LaunchOptions, 'layout' | 'isolation'>, id: number): string {
  return options.isolation.namespaces ? options.layout.mountPoint : join(options.layout.environment(id), 'tree')
}

/**
 * Gives an environment a keeper and waits until it listens.
 * @throws StandinError `disk_full`, `provider_failed`
 */
export async function launchKeeper(options: LaunchOptions, record: EnvironmentRecord): Promise<void> {
  const dir = options.layout.environment(record.id)
  const launch: LaunchSpec = {
    version: 1,
    nonce: randomBytes(16).toString('hex'),
    root: treeRoot(options, record.id),
    domain: options.domain,
    wrap: options.isolation.wrap,
    pidNamespace: options.isolation.namespaces,
    path: [dirname(process.execPath), process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    outside: outside(process.env),
    startTimeoutMs: options.startTimeoutMs,
  }
  try {
    await Promise.all([
      writeJson(join(dir, 'launch.json'), launch),
      writeFile(join(dir, 'hosts'), hostsFile({ ...record, domain: options.domain }, hostname()), { mode: 0o644 }),
      writeFile(join(dir, 'mounts.sh'), await mountScript(options, record), { mode: 0o600 }),
    ])
    await options.standby.assign(dir)
  } catch (error) {
    throw fault(`environment ${record.id} can't be started`, error)
  }
}

/** How this machine reaches the rest of the world: what a step that installs something has to know, and no secrets. */
const outsideVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

function outside(environment: NodeJS.ProcessEnv): Record<string, string> {
  const known = outsideVariables.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, environment[name]] as const)
  return Object.fromEntries(known.filter((each): each is [string, string] => each[1] !== undefined))
}

/** Run by pid 1 in the environment's directory: the environment's mounts, each a line. */
async function mountScript(options: LaunchOptions, record: EnvironmentRecord): Promise<string> {
  const { layout, isolation, hiddenDirs } = options
  if (!isolation.namespaces) return ''
  const root = quote(layout.mountPoint)
  // `lower` leads out of this directory, so it is followed while that is possible.
  const lines = record.layer.kind === 'overlay' ? ['mount --bind lower base'] : []
  // Then the whole data directory goes out of sight: this directory stays within reach of whoever is in it already.
  lines.push(`mount -t tmpfs -o nr_inodes=2,size=4k,mode=755 tmpfs ${quote(layout.dataDir)}`, `mkdir ${root}`)
  lines.push(
    record.layer.kind === 'overlay'
      ? `mount -t overlay overlay -o ${overlayOptions(isolation, 'base')} ${root}`
      : `mount --bind tree ${root}`,
  )
  lines.push('mount --bind hosts /etc/hosts')
  for (const { source, target, readOnly } of mountsOf(record.stack)) {
    const [from, to] = [quote(join(layout.mountPoint, source)), quote(join(layout.mountPoint, target))]
    lines.push(`mount --bind ${from} ${to}`)
    // In a user namespace the flags of the mount below are locked and have to be said again.
    const flags = ['', ',nosuid,nodev', ',nosuid,nodev,noexec']
    if (readOnly) lines.push(flags.map((more) => `mount -o remount,bind,ro${more} ${to} 2>/dev/null`).join(' || '))
  }
  const hidden = record.stack.secrets.length > 0 ? [join(layout.mountPoint, 'secrets')] : []
  for (const dir of [...hidden, ...new Set(hiddenDirs)]) {
    if (hidden.includes(dir) || (await isDirectory(dir))) lines.push(`mount -t tmpfs -o ro,size=4k,mode=755 tmpfs ${quote(dir)}`)
  }
  return `${lines.join('\n')}\n`
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** What a keeper that is gone left in the environment's directory. */
export async function forgetKeeper(dir: string): Promise<void> {
  for (const name of ['keeper.sock', 'keeper.pid', 'launch.json', 'mounts.sh', 'hosts']) await rm(join(dir, name), { force: true })
}
