import { join } from 'node:path'
import type { Authority } from './authority.ts'
import { runTool } from './run-tool.ts'
import type { Outcome, StoreReport, TrustStore } from './store.ts'

const machineKeychain = '/Library/Keychains/System.keychain'

/** The keychain of macOS: this user's, which asks for the password, or the machine's, which needs root. */
export class Keychain implements TrustStore {
  readonly #forAll: boolean
  readonly #place: string
  readonly #env: NodeJS.ProcessEnv

  constructor(home: string, env: NodeJS.ProcessEnv, forAll: boolean) {
    this.#forAll = forAll
    this.#place = forAll ? machineKeychain : join(home, 'Library/Keychains/login.keychain-db')
    this.#env = env
  }

  add(authority: Authority): Promise<StoreReport> {
    const scope = this.#forAll ? ['-d'] : []
    return this.#security(
      'trusted',
      'Safari, Chrome, curl',
      'add-trusted-cert',
      ...scope,
      '-r',
      'trustRoot',
      '-k',
      this.#place,
      authority.file,
    )
  }

  remove(authority: Authority): Promise<StoreReport> {
    const hash = authority.fingerprint.replaceAll(':', '')
    return this.#security('removed', 'does not trust it any more', 'delete-certificate', '-Z', hash, '-t', this.#place)
  }

  async #security(outcome: Outcome, message: string, ...args: readonly string[]): Promise<StoreReport> {
    const { code, complaint } = await runTool('security', args, this.#env)
    const store = this.#forAll ? 'this machine' : 'this user'
    if (code === 0) return { store, place: this.#place, outcome, message }
    return {
      store,
      place: this.#place,
      outcome: 'failed',
      message: code === 'missing' ? 'security is not installed' : `security: ${complaint}`,
    }
  }
}
