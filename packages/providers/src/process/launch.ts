import { randomBytes } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
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
    startTimeoutMs: options.startTimeoutMs,
  }
  try {
    const { script, table } = await mountScript(options, record)
    await Promise.all([
      writeJson(join(dir, 'launch.json'), launch),
      writeFile(join(dir, 'hosts'), hostsFile({ ...record, domain: options.domain }, hostname()), { mode: 0o644 }),
      writeFile(join(dir, 'mounts.sh'), script, { mode: 0o600 }),
      writeFile(join(dir, 'mounts'), table, { mode: 0o600 }),
    ])
    await options.standby.assign(dir)
  } catch (error) {
    throw fault(`environment ${record.id} can't be started`, error)
  }
}

/**
 * What pid 1 does in the environment's directory. All mounts but those that need a second try are one run of mount(8) over
 * a table of our own: each program that is started counts when an environment comes up.
 */
async function mountScript(options: LaunchOptions, record: EnvironmentRecord): Promise<{ script: string; table: string }> {
  const { layout, isolation } = options
  if (!isolation.namespaces) return { script: '', table: '' }
  const inTree = (path: string): string => join(layout.mountPoint, path)
  const mounts = mountsOf(record.stack)
  const covers = await coveredDirs(options)
  const overlay = record.layer.kind === 'overlay'
  const rows = [
    // `lower` leads out of this directory, so it is followed while that is possible.
    ...(overlay ? [['lower', 'base', 'none', 'bind,X-mount.mkdir']] : []),
    ['hosts', '/etc/hosts', 'none', 'bind'],
    // This directory goes out of sight too, and stays within reach of whoever is in it already.
    ...covers.map((dir) => ['tmpfs', dir, 'tmpfs', coverOptions(dir, layout.mountPoint)]),
    overlay
      ? ['overlay', layout.mountPoint, 'overlay', `X-mount.mkdir,${overlayOptions(isolation, 'base')}`]
      : ['tree', layout.mountPoint, 'none', 'bind,X-mount.mkdir'],
    ...mounts.map(({ source, target }) => [inTree(source), inTree(target), 'none', 'bind']),
    ...(record.stack.secrets.length === 0 ? [] : [['tmpfs', inTree('secrets'), 'tmpfs', 'ro,size=4k,mode=700']]),
  ]
  const readOnly = mounts.filter((mount) => mount.readOnly).map(({ target }) => readOnlyLine(quote(inTree(target))))
  return {
    script: ['mount -a -T ./mounts', ...readOnly, ''].join('\n'),
    table: rows.map((row) => `${row.map(field).join(' ')} 0 0\n`).join(''),
  }
}

/** A field of fstab(5). */
function field(text: string): string {
  return text.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

/** In a user namespace the flags of the mount below are locked and have to be said again. */
function readOnlyLine(place: string): string {
  const flags = ['', ',nosuid,nodev', ',nosuid,nodev,noexec']
  return flags.map((more) => `mount -o remount,bind,ro${more} ${place} 2>/dev/null`).join(' || ')
}

/** Nothing can be put into what covers a directory, but for the way down to the tree, where that is below it. */
function coverOptions(dir: string, mountPoint: string): string {
  const way = relative(dir, mountPoint)
  if (way.startsWith('..')) return 'ro,size=4k,mode=755'
  return `nr_inodes=${1 + way.split('/').length},size=4k,mode=755`
}

/** The data directory and what else is to be hidden, but for those that are hidden with another one. */
async function coveredDirs({ hiddenDirs, layout }: LaunchOptions): Promise<string[]> {
  const all = [...new Set([layout.dataDir, ...hiddenDirs])]
  const wanted = all.filter((dir) => !all.some((other) => dir.startsWith(`${other}/`)))
  const present = await Promise.all(wanted.map(isDirectory))
  return wanted.filter((_, index) => present[index])
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** What a keeper that is gone left in the environment's directory. */
export async function forgetKeeper(dir: string): Promise<void> {
  for (const name of ['keeper.sock', 'keeper.pid', 'launch.json', 'mounts.sh', 'mounts', 'hosts'])
    await rm(join(dir, name), { force: true })
}
