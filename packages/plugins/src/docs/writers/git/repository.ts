import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StandinError } from '@standin/client'
import { hideCredentials } from '../../page/hide-secrets.ts'
import { TryLater } from '../page-writer.ts'

const run = promisify(execFile)
const timeoutMs = 60_000
const mostOutput = 16 * 1024 * 1024
const againMs = 60_000

export interface RepositoryOptions {
  /** `Standin <standin@example.com>` */
  readonly author: { readonly name: string; readonly email: string }
  /** Name of the remote; null: commits stay here. */
  readonly push: string | null
}

/** The git repository that a folder is in, worked on with the git of this machine. Nothing outside of the folder is committed. */
export class Repository {
  readonly #folder: string
  readonly #options: RepositoryOptions

  constructor(folder: string, options: RepositoryOptions) {
    this.#folder = folder
    this.#options = options
  }

  /**
   * Commit what changed in the folder, and push what is not there yet.
   * @returns whether there was anything to commit
   * @throws StandinError `state_conflict` where the folder is in no repository, or in the middle of a merge
   * @throws TryLater where the remote can't be reached, or has something else that does not fit
   */
  async commit(message: string, signal: AbortSignal): Promise<boolean> {
    await this.#requireRepository(signal)
    await this.#git(['add', '--all', '--', '.'], signal)
    const changed = (await this.#git(['diff', '--cached', '--name-only', '--', '.'], signal)).trim() !== ''
    if (changed) await this.#git([...this.#identity(), 'commit', '--quiet', '--no-verify', '--message', message, '--', '.'], signal)
    if (this.#options.push !== null) await this.#push(this.#options.push, signal)
    return changed
  }

  async #requireRepository(signal: AbortSignal): Promise<void> {
    const inside = await this.#git(['rev-parse', '--is-inside-work-tree'], signal).catch(() => 'false')
    if (inside.trim() === 'true') return
    throw new StandinError('state_conflict', `${this.#folder} is in no git repository`, {
      hint: `Make one there with 'git init', or clone yours, or leave 'git' out of the configuration.`,
    })
  }

  async #push(remote: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#git(['push', '--quiet', remote, 'HEAD'], signal)
      return
    } catch (error) {
      if (!/rejected/.test(messageOf(error))) throw new TryLater(messageOf(error), againMs)
    }
    // Somebody else was faster.
    try {
      await this.#git([...this.#identity(), 'pull', '--quiet', '--rebase', '--autostash', remote], signal)
      await this.#git(['push', '--quiet', remote, 'HEAD'], signal)
    } catch (error) {
      await this.#git(['rebase', '--abort'], signal).catch(() => '')
      throw new TryLater(messageOf(error), againMs)
    }
  }

  #identity(): string[] {
    const { name, email } = this.#options.author
    return ['-c', `user.name=${name}`, '-c', `user.email=${email}`]
  }

  async #git(args: readonly string[], signal: AbortSignal): Promise<string> {
    try {
      const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
      const { stdout } = await run('git', args, { cwd: this.#folder, env, signal, timeout: timeoutMs, maxBuffer: mostOutput })
      return stdout
    } catch (cause) {
      signal.throwIfAborted()
      const { stderr = '', code } = cause as { stderr?: string; code?: unknown }
      if (code === 'ENOENT') throw new StandinError('unsupported', `git is not installed, or ${this.#folder} is gone`, { cause })
      const said = hideCredentials(stderr)
        .split('\n')
        .filter((line) => line.trim() !== '' && !line.startsWith('hint:'))
      const lines = said.slice(-3).join(' ')
      throw new StandinError('state_conflict', `git ${args.find((each) => /^[a-z]/.test(each) && !each.includes('='))}: ${lines}`, {
        cause,
      })
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
