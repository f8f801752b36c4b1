import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Stack } from '@standin/client'
import type { Logger } from '@standin/core'

/** How an environment's tree is made: a copy-on-write layer over a template, or a tree of its own. */
export type Layer = { readonly kind: 'overlay'; readonly template: string } | { readonly kind: 'full' }

/** `environment.json`: written once when the environment is made, and again when it gets new addresses. */
export interface EnvironmentRecord {
  readonly version: 1
  readonly id: number
  readonly name: string
  readonly stack: Stack
  readonly layer: Layer
  /** By instance name, `web-1`. */
  readonly addresses: Readonly<Record<string, string>>
}

/** `state.json`: the keeper's memory of what it was told. */
export interface KeeperState {
  readonly version: 1
  /** Hosts that are wanted to be up. */
  readonly desired: readonly string[]
  readonly startedOnce: boolean
  /** Restarts by instance name. */
  readonly restarts: Readonly<Record<string, number>>
}

/** `launch.json`: what one run of the keeper has to know, made anew for each. */
export interface LaunchSpec {
  readonly version: 1
  /** The keeper proves with it that it is the one that was started for this environment. */
  readonly nonce: string
  /** The tree as the processes see it. */
  readonly root: string
  readonly domain: string
  /** Put before every command: drops privileges. */
  readonly wrap: readonly string[]
  readonly pidNamespace: boolean
  readonly path: string
  readonly startTimeoutMs: number
}

/** Paths below the provider's data directory. */
export class Layout {
  readonly dataDir: string
  readonly environments: string
  readonly templates: string
  readonly trash: string
  readonly tmp: string
  readonly mountPoint: string
  readonly cache: string

  constructor(dataDir: string) {
    this.dataDir = dataDir
    this.environments = join(dataDir, 'environments')
    this.templates = join(dataDir, 'templates')
    this.trash = join(dataDir, 'trash')
    this.tmp = join(dataDir, 'tmp')
    this.mountPoint = join(dataDir, 'mnt')
    this.cache = join(dataDir, 'cache')
  }

  environment(id: number): string {
    return join(this.environments, String(id))
  }

  trashed(id: number): string {
    return join(this.trash, String(id))
  }

  template(key: string): string {
    return join(this.templates, key)
  }

  async make(): Promise<void> {
    for (const dir of [this.environments, this.templates, this.trash, this.tmp, this.mountPoint, this.cache]) {
      await mkdir(dir, { recursive: true, mode: 0o700 })
    }
  }
}

/** Names of an environment's instances in order: `web-1`, `web-2`, `api-1`. */
export function instanceNames(stack: Stack): { host: string; ordinal: number; name: string }[] {
  return stack.hosts.flatMap((host) =>
    Array.from({ length: host.replicas }, (_, index) => ({ host: host.name, ordinal: index + 1, name: `${host.name}-${index + 1}` })),
  )
}

/** What a file holds that can be made anew; null where there is none, or, with a word to the log, none that can be read. */
export async function readJson<T>(path: string, log?: Logger): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log?.warn({ path, why: (error as Error).message }, 'unreadable, taken for absent')
    return null
  }
}

/** Whole or not at all, also when the machine goes down: written beside, synced, renamed. */
export async function writeJson(path: string, value: unknown, options: { durable?: boolean } = {}): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.new`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`)
    if (options.durable === true) await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
