import { X509Certificate } from 'node:crypto'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Authority } from './authority.ts'
import { runTool, type ToolResult } from './run-tool.ts'
import type { Outcome, StoreReport, TrustStore } from './store.ts'

const chromium = 'Chromium, Chrome, Edge'
const firefox = 'Firefox'

/** Of this user on Linux, also where none of these browsers has ever run. */
export async function findChromiumDatabases(home: string, env: NodeJS.ProcessEnv): Promise<BrowserDatabase[]> {
  // Newer ones take the second, where there is no first yet.
  const elsewhere = [join(env.XDG_DATA_HOME || join(home, '.local/share'), 'pki/nssdb'), join(home, 'snap/chromium/current/.pki/nssdb')]
  const stores = [new BrowserDatabase(chromium, join(home, '.pki/nssdb'), env)]
  for (const directory of elsewhere) {
    if (await isThere(join(directory, 'cert9.db'))) stores.push(new BrowserDatabase(chromium, directory, env))
  }
  return stores
}

/** A database each. */
export async function findFirefoxProfiles(home: string, env: NodeJS.ProcessEnv): Promise<BrowserDatabase[]> {
  const folders = [
    join(home, '.mozilla/firefox'),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'mozilla/firefox'),
    join(home, 'snap/firefox/common/.mozilla/firefox'),
    join(home, '.var/app/org.mozilla.firefox/.mozilla/firefox'),
    join(home, 'Library/Application Support/Firefox/Profiles'),
  ]
  const stores: BrowserDatabase[] = []
  for (const folder of folders) {
    for (const profile of (await readdir(folder).catch(() => [])).sort()) {
      const directory = join(folder, profile)
      if (await isThere(join(directory, 'cert9.db'))) stores.push(new BrowserDatabase(firefox, directory, env))
    }
  }
  return stores
}

/** An NSS database, changed by NSS's own `certutil`. */
class BrowserDatabase implements TrustStore {
  readonly #store: string
  readonly #directory: string
  readonly #env: NodeJS.ProcessEnv

  constructor(store: string, directory: string, env: NodeJS.ProcessEnv) {
    this.#store = store
    this.#directory = directory
    this.#env = env
  }

  async add(authority: Authority): Promise<StoreReport> {
    const made = await this.#makeDatabase()
    if (made !== null) return made
    const there = await this.#find(authority)
    if (there.code === 'missing') return this.#report('skipped', certutilIsMissing)
    if (isSame(there, authority)) return this.#report('unchanged', 'trusted it already')
    // C: issues certificates of servers. Neither mail nor code.
    const added = await this.#certutil('-A', '-t', 'C,,', '-n', authority.name, '-i', authority.file)
    if (added.code !== 0) return this.#report('failed', `certutil: ${added.complaint}`)
    return this.#report('trusted', this.#store === firefox ? 'when it is started again' : 'from its next connection on')
  }

  async remove(authority: Authority): Promise<StoreReport> {
    if (!(await isThere(join(this.#directory, 'cert9.db')))) return this.#report('unchanged', 'there is no database')
    const there = await this.#find(authority)
    if (there.code === 'missing') return this.#report('skipped', certutilIsMissing)
    if (there.code !== 0) return this.#report('unchanged', 'did not trust it')
    const removed = await this.#certutil('-D', '-n', authority.name)
    return removed.code === 0
      ? this.#report('removed', 'does not trust it any more')
      : this.#report('failed', `certutil: ${removed.complaint}`)
  }

  /** False as well where it can't be told. */
  async trusts(authority: Authority): Promise<boolean> {
    return isSame(await this.#find(authority), authority)
  }

  /** Null: there is one. */
  async #makeDatabase(): Promise<StoreReport | null> {
    if (await isThere(join(this.#directory, 'cert9.db'))) return null
    if ((await this.#certutil('-H')).code === 'missing') return this.#report('skipped', certutilIsMissing)
    await mkdir(dirname(this.#directory), { recursive: true, mode: 0o700 })
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const made = await this.#certutil('-N', '--empty-password')
    return made.code === 0 ? null : this.#report('failed', `certutil: ${made.complaint}`)
  }

  #find(authority: Authority): Promise<ToolResult> {
    return this.#certutil('-L', '-n', authority.name, '-a')
  }

  #certutil(...args: readonly string[]): Promise<ToolResult> {
    return runTool('certutil', [...args, '-d', `sql:${this.#directory}`], this.#env)
  }

  #report(outcome: Outcome, message: string): StoreReport {
    return { store: this.#store, place: this.#directory, outcome, message }
  }
}

const certutilIsMissing =
  'certutil is not installed: it comes with libnss3-tools (Debian, Ubuntu), nss-tools (Fedora), nss (Arch, Homebrew)'

const isSame = ({ code, stdout }: ToolResult, { fingerprint }: Authority): boolean =>
  code === 0 && new X509Certificate(stdout).fingerprint256 === fingerprint

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
