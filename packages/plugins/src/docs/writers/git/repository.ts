import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
   * Commit what changed in the folder, and push what is not there yet. Hooks are not run.
   * @returns whether there was anything to commit
   * @throws TryLater where the folder is in no repository, somebody is in the middle of something there, or the remote can't be
   * reached or has something else that does not fit
   */
  async commit(message: string, signal: AbortSignal): Promise<boolean> {
    const branch = await this.#requireQuiet(signal)
    await this.#git(['add', '--all', '--', '.'], signal)
    const changed = (await this.#git(['diff', '--cached', '--name-only', '--', '.'], signal)).trim() !== ''
    if (changed) await this.#git(['commit', '--quiet', '--no-verify', '--message', message, '--', '.'], signal)
    if (this.#options.push !== null) await this.#push(this.#options.push, branch, signal)
    return changed
  }

  /** A conflict is not to be marked as resolved, nor a commit to get into somebody's rebase. @returns the branch */
  async #requireQuiet(signal: AbortSignal): Promise<string> {
    const gitDir = await this.#git(['rev-parse', '--absolute-git-dir'], signal).catch((error: unknown) => {
      if (!/not a git repository/.test(messageOf(error))) throw error
      throw new TryLater(`${this.#folder} is in no git repository: make one there with 'git init', or clone yours`, againMs)
    })
    const underway = Object.keys(undertakings).find((file) => existsSync(join(gitDir.trim(), file)))
    if (underway !== undefined) {
      throw new TryLater(`${this.#folder} is in the middle of a ${undertakings[underway]}: nothing is committed before its end`, againMs)
    }
    const branch = await this.#git(['symbolic-ref', '--quiet', '--short', 'HEAD'], signal).catch(() => '')
    if (branch === '') throw new TryLater(`${this.#folder} is on no branch, where commits get lost: check one out`, againMs)
    return branch.trim()
  }

  async #push(remote: string, branch: string, signal: AbortSignal): Promise<void> {
    const push = () => this.#git(['push', '--quiet', remote, `HEAD:refs/heads/${branch}`], signal)
    try {
      await push()
      return
    } catch (error) {
      if (!/rejected/.test(messageOf(error))) throw error
    }
    // Somebody else was faster. What is ours on a page is ours; their text stands elsewhere in it.
    try {
      await this.#git(['pull', '--quiet', '--rebase', '--autostash', '--strategy-option=theirs', remote, branch], signal)
      await push()
    } catch (error) {
      await this.#git(['rebase', '--abort'], signal).catch(() => '')
      throw error
    }
  }

  async #git(args: readonly string[], signal: AbortSignal): Promise<string> {
    const { name, email } = this.#options.author
    const settings = ['core.hooksPath=/dev/null', `user.name=${name}`, `user.email=${email}`].flatMap((each) => ['-c', each])
    try {
      const options = { cwd: this.#folder, env: gitEnvironment(), signal, timeout: timeoutMs, maxBuffer: mostOutput }
      return (await run('git', [...settings, ...args], options)).stdout
    } catch (cause) {
      signal.throwIfAborted()
      const { stdout = '', stderr = '', code } = cause as { stdout?: string; stderr?: string; code?: unknown }
      if (code === 'ENOENT') throw new TryLater(`git is not installed, or ${this.#folder} is gone`, againMs, { cause })
      throw new TryLater(`git ${args[0]} in ${this.#folder}: ${reasonIn(`${stdout}\n${stderr}`)}`, againMs, { cause })
    }
  }
}

/** What somebody is in the middle of, by what lies in the git directory then. */
const undertakings: Readonly<Record<string, string>> = {
  MERGE_HEAD: 'merge',
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  'rebase-merge': 'rebase',
  'rebase-apply': 'rebase',
  BISECT_LOG: 'bisect',
}

/** Whoever started control from a hook of another repository did not mean that one, nor its author. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|(AUTHOR|COMMITTER)_.*)$/
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name))
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
}

/** Git says much; what it comes to stands in lines that begin alike. */
function reasonIn(said: string): string {
  const lines = hideCredentials(said)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('hint:'))
  const telling = lines.filter((line) => /^(fatal|error|CONFLICT|remote:| ! )/.test(line))
  const words = (telling.length > 0 ? telling : lines).slice(0, 3).join(' ').trim()
  return /index\.lock/.test(words) ? `${words} Delete it if no git runs there.` : words
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
