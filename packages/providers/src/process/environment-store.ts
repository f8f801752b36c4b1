import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rename, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { StandinError } from '@standin/client'
import type { EnvironmentSpec, ProgressListener } from '@standin/core'
import type { AddressPool } from './addresses.ts'
import { copyTree } from './copy.ts'
import type { Isolation } from './isolation.ts'
import { type EnvironmentRecord, instanceNames, type KeeperState, type Layer, type Layout, writeJson } from './layout.ts'
import { mountsOf } from './mounts.ts'
import { linkMounts, provisionTree, unlinkMounts } from './provision.ts'
import { remove, removeWhole } from './remove.ts'
import { fault } from './shell.ts'
import type { Snapshots } from './snapshots.ts'

/** Environments as directories. Each is made in `tmp` and renamed, so that one that has its name is whole. */
export class EnvironmentStore {
  readonly #layout: Layout
  readonly #isolation: Isolation
  readonly #addresses: AddressPool
  readonly #snapshots: Snapshots

  constructor(layout: Layout, isolation: Isolation, addresses: AddressPool, snapshots: Snapshots) {
    this.#layout = layout
    this.#isolation = isolation
    this.#addresses = addresses
    this.#snapshots = snapshots
  }

  /** What is there, by configId, and what can't be used; addresses are taken for what is not in the trash. */
  async load(): Promise<{ records: EnvironmentRecord[]; broken: Map<number, StandinError>; trashed: number[] }> {
    const records: EnvironmentRecord[] = []
    const broken = new Map<number, StandinError>()
    for (const id of await ids(this.#layout.environments)) {
      try {
        const record = await readRecord(id, this.#layout.environment(id))
        this.#addresses.adopt(id, Object.values(record.addresses))
        records.push(record)
      } catch (error) {
        broken.set(id, error as StandinError)
      }
    }
    return { records, broken, trashed: await ids(this.#layout.trash) }
  }

  async create(spec: EnvironmentSpec, options: { signal?: AbortSignal; onProgress?: ProgressListener }): Promise<EnvironmentRecord> {
    const half = join(this.#layout.tmp, `environment-${spec.id}-${randomBytes(6).toString('hex')}`)
    const began = performance.now()
    try {
      await mkdir(half, { mode: 0o700 })
      const layer = await this.#makeTree(spec, half, options)
      const record: EnvironmentRecord = {
        version: 1,
        id: spec.id,
        name: spec.name,
        stack: spec.stack,
        layer,
        addresses: await this.#takeAddresses(spec),
      }
      await mkdir(join(half, 'logs'))
      await writeJson(join(half, 'environment.json'), record, { durable: true })
      options.signal?.throwIfAborted()
      await rename(half, this.#layout.environment(spec.id))
      const durationMs = Math.round(performance.now() - began)
      options.onProgress?.({ host: null, step: 'create', status: 'done', durationMs, message: null })
      return record
    } catch (error) {
      this.#addresses.free(spec.id)
      await remove(half)
      throw fault(`environment ${spec.id} can't be made`, error)
    }
  }

  /** What comes back from the trash is stopped, also where it never ran. */
  async trash(id: number): Promise<void> {
    const state: KeeperState = { version: 1, desired: [], startedOnce: true, restarts: {} }
    await writeJson(join(this.#layout.environment(id), 'state.json'), state)
    await rename(this.#layout.environment(id), this.#layout.trashed(id))
    this.#addresses.free(id)
  }

  /** With new addresses: the old ones may be somebody else's by now. */
  async restore(id: number): Promise<EnvironmentRecord> {
    const dir = this.#layout.trashed(id)
    const old = await readRecord(id, dir)
    const record = { ...old, addresses: await this.#takeAddresses(old) }
    await writeJson(join(dir, 'environment.json'), record, { durable: true })
    await rename(dir, this.#layout.environment(id))
    return record
  }

  async purge(id: number): Promise<void> {
    await removeWhole(this.#layout.environment(id), this.#layout.tmp)
    await removeWhole(this.#layout.trashed(id), this.#layout.tmp)
    this.#addresses.free(id)
  }

  async #makeTree(spec: EnvironmentSpec, dir: string, options: { signal?: AbortSignal; onProgress?: ProgressListener }): Promise<Layer> {
    const { source, stack } = spec
    if (source.kind === 'attachment') throw new StandinError('unsupported', 'provider process does not attach what runs already')
    if (source.kind === 'blueprint') {
      await mkdir(join(dir, 'tree'))
      await provisionTree(stack, source.dir, join(dir, 'tree'), options.signal)
      await this.#adaptMounts(spec, dir)
      return { kind: 'full' }
    }
    if (!(await this.#snapshots.has(source.key))) throw new StandinError('template_not_found', `there is no template ${source.key}`)
    const template = this.#snapshots.tree(source.key)
    if (this.#isolation.namespaces && this.#isolation.overlay && !(await wasLinked(spec, template))) {
      for (const name of ['base', 'upper', 'work']) await mkdir(join(dir, name))
      // The same depth below the data directory in every place where the environment's directory can be.
      await symlink(relative(this.#layout.environment(spec.id), template), join(dir, 'lower'))
      return { kind: 'overlay', template: source.key }
    }
    await copyTree(template, join(dir, 'tree'), {
      isolation: this.#isolation,
      tmp: this.#layout.tmp,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onSlow: (bytes, aboutMs) => {
        const message = `no copy-on-write here: copying ${Math.ceil(bytes / 2 ** 20)} MiB takes about ${Math.ceil(aboutMs / 1000)} s`
        options.onProgress?.({ host: null, step: 'create', status: 'started', durationMs: null, message })
      },
    })
    await this.#adaptMounts(spec, dir)
    return { kind: 'full' }
  }

  #adaptMounts({ stack }: EnvironmentSpec, dir: string): Promise<void> {
    return this.#isolation.namespaces ? unlinkMounts(stack, join(dir, 'tree')) : linkMounts(stack, join(dir, 'tree'))
  }

  async #takeAddresses({ id, stack }: Pick<EnvironmentSpec, 'id' | 'stack'>): Promise<Record<string, string>> {
    const names = instanceNames(stack)
    const addresses = await this.#addresses.take(id, names.length)
    return Object.fromEntries(names.map(({ name }, index) => [name, addresses[index] ?? '']))
  }
}

/** Whether the template was baked where volumes are links: it needs its places to mount at, and so a copy. */
async function wasLinked({ stack }: EnvironmentSpec, tree: string): Promise<boolean> {
  for (const { target } of mountsOf(stack)) {
    if ((await lstat(join(tree, target)).catch(() => null))?.isSymbolicLink()) return true
  }
  return false
}

async function ids(dir: string): Promise<number[]> {
  return (await readdir(dir)).filter((name) => /^\d+$/.test(name)).map(Number)
}

/** @throws StandinError `provider_failed` where what the environment is made of can't be read */
async function readRecord(id: number, dir: string): Promise<EnvironmentRecord> {
  const path = join(dir, 'environment.json')
  try {
    const { addresses, ...rest } = JSON.parse(await readFile(path, 'utf8')) as EnvironmentRecord
    return { ...rest, addresses: { ...addresses } }
  } catch (cause) {
    throw new StandinError('provider_failed', `environment ${id} can't be used: ${path} is unreadable (${(cause as Error).message})`, {
      hint: 'put the file back from a copy and restart control, or delete the environment',
      cause,
    })
  }
}
