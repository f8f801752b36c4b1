import { X509Certificate } from 'node:crypto'
import { copyFile, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Authority } from './authority.ts'
import { runTool } from './run-tool.ts'
import type { Outcome, StoreReport, TrustStore } from './store.ts'

interface Distribution {
  readonly name: string
  /** Where the machine's administrator puts CAs. */
  readonly folder: string
  readonly update: readonly [program: string, ...args: string[]]
}

const distributions: readonly Distribution[] = [
  { name: 'Debian', folder: '/usr/local/share/ca-certificates', update: ['update-ca-certificates'] },
  { name: 'Fedora', folder: '/etc/pki/ca-trust/source/anchors', update: ['update-ca-trust', 'extract'] },
  { name: 'Arch', folder: '/etc/ca-certificates/trust-source/anchors', update: ['trust', 'extract-compat'] },
]

const store = 'this machine'

/** What programs of all users trust that have no store of their own: curl, git, Python, Go. Null: no known Linux. */
export async function findSystemStore(env: NodeJS.ProcessEnv): Promise<TrustStore | null> {
  for (const distribution of distributions) {
    const isIt = await stat(distribution.folder).then(
      () => true,
      () => false,
    )
    if (isIt) return new SystemStore(distribution, env)
  }
  return null
}

class SystemStore implements TrustStore {
  readonly #distribution: Distribution
  readonly #env: NodeJS.ProcessEnv

  constructor(distribution: Distribution, env: NodeJS.ProcessEnv) {
    this.#distribution = distribution
    this.#env = env
  }

  async add(authority: Authority): Promise<StoreReport> {
    const place = this.#place(authority)
    if (await holds(place, authority)) return { store, place, outcome: 'unchanged', message: 'trusted it already' }
    return this.#change(place, 'trusted', 'curl, git, Python, Go and others of all users', () => copyFile(authority.file, place))
  }

  async remove(authority: Authority): Promise<StoreReport> {
    const place = this.#place(authority)
    if (!(await holds(place, authority))) return { store, place, outcome: 'unchanged', message: 'did not trust it' }
    return this.#change(place, 'removed', 'does not trust it any more', () => rm(place))
  }

  async #change(place: string, outcome: Outcome, message: string, change: () => Promise<void>): Promise<StoreReport> {
    const report = (how: Outcome, what: string): StoreReport => ({ store, place, outcome: how, message: what })
    try {
      await change()
    } catch (error) {
      const { code, message: what } = error as NodeJS.ErrnoException
      return code === 'EACCES' || code === 'EPERM' ? report('skipped', 'needs root: say it again with sudo') : report('failed', what)
    }
    const [program, ...args] = this.#distribution.update
    const updated = await runTool(program, args, this.#env)
    if (updated.code === 'missing') return report('failed', `${program} is not installed: it comes with ca-certificates`)
    return updated.code === 0 ? report(outcome, message) : report('failed', `${program}: ${updated.complaint}`)
  }

  #place({ name }: Authority): string {
    return join(this.#distribution.folder, `${name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}.crt`)
  }
}

const holds = (place: string, { fingerprint }: Authority): Promise<boolean> =>
  readFile(place).then(
    (pem) => new X509Certificate(pem).fingerprint256 === fingerprint,
    () => false,
  )
