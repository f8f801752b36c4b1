import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TryLater } from '../page-writer.ts'
import { Repository } from './repository.ts'

const { signal } = new AbortController()
let around: string
let work: string
let pages: string
const ada = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
const gitIn = (dir: string, ...args: string[]) =>
  execFileSync('git', ['-C', dir, ...ada, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
const git = (...args: string[]) => gitIn(work, ...args)
/** A person commits a file. */
const commit = (file: string, text: string) => {
  writeFileSync(join(work, file), text)
  git('add', file)
  git('commit', '--quiet', '-m', `${file} by hand`)
}
const repository = (push: string | null = null) => new Repository(pages, { author: { name: 'Pages', email: 'pages@example.com' }, push })
const publish = (text: string) => {
  writeFileSync(join(pages, '1001-shop-1.md'), text)
  return repository().commit('Pages', signal)
}
const failure = (done: Promise<unknown>) => done.then(() => undefined).catch((error: Error) => error)
const head = () => git('log', '-1', '--format=%an %s')

beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'standin-git-'))
  work = join(around, 'work')
  pages = join(work, 'pages')
  mkdirSync(pages, { recursive: true })
  // Nothing of whoever runs the tests.
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null')
  vi.stubEnv('GIT_CONFIG_SYSTEM', '/dev/null')
  vi.stubEnv('HOME', around)
  git('init', '--quiet', '--initial-branch=main')
  commit('guide.md', 'a guide\n')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(around, { recursive: true, force: true })
})

describe('a repository', () => {
  it('gets a commit of what changed in the folder, where nobody has told git who they are', async () => {
    expect([await publish('first\n'), head(), await publish('first\n')]).toEqual([true, 'Pages Pages', false])
  })

  it('keeps what a person has begun elsewhere as it is, staged or not', async () => {
    writeFileSync(join(work, 'guide.md'), 'a better guide\n')
    writeFileSync(join(work, 'staged.md'), 'staged\n')
    git('add', 'staged.md')
    await publish('first\n')
    expect(git('status', '--porcelain')).toBe('M guide.md\nA  staged.md')
    expect(git('show', '--name-only', '--format=')).toBe('pages/1001-shop-1.md')
  })

  it('runs no hook', async () => {
    const hooks = ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'post-commit', 'post-index-change', 'reference-transaction']
    for (const hook of hooks) {
      writeFileSync(join(work, '.git/hooks', hook), `#!/bin/sh\ntouch "${around}/ran-${hook}"\n`)
      chmodSync(join(work, '.git/hooks', hook), 0o755)
    }
    await publish('first\n')
    expect(head()).toBe('Pages Pages')
    expect(hooks.filter((hook) => existsSync(join(around, `ran-${hook}`)))).toEqual([])
  })

  it('is the one of the folder, whatever repository and author control was started with', async () => {
    mkdirSync(join(around, 'other'))
    gitIn(join(around, 'other'), 'init', '--quiet')
    vi.stubEnv('GIT_DIR', join(around, 'other/.git'))
    vi.stubEnv('GIT_INDEX_FILE', join(around, 'other/index'))
    vi.stubEnv('GIT_AUTHOR_NAME', 'Eve')
    await publish('first\n')
    for (const name of ['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_AUTHOR_NAME']) vi.stubEnv(name, undefined)
    expect(head()).toBe('Pages Pages')
  })
})

describe('somebody is at work there: nothing is committed, nor resolved for them', () => {
  /** Two branches that do not fit. */
  const part = async () => {
    await publish('first\n')
    git('switch', '--quiet', '-c', 'other')
    commit('pages/1001-shop-1.md', 'other\n')
    git('switch', '--quiet', 'main')
    commit('pages/1001-shop-1.md', 'main\n')
  }
  const tryTo = (...args: string[]) => {
    try {
      git(...args)
    } catch {
      // It stops at the conflict.
    }
  }

  it.each([
    ['merge', ['merge', 'other']],
    ['rebase', ['rebase', 'other']],
    ['cherry-pick', ['cherry-pick', 'other']],
  ])('%s', async (what, args) => {
    await part()
    const before = head()
    tryTo(...args)
    const error = await failure(repository().commit('Pages', signal))
    expect(error).toBeInstanceOf(TryLater)
    expect(error?.message).toBe(`${pages} is in the middle of a ${what}: nothing is committed before its end`)
    expect(git('diff', '--name-only', '--diff-filter=U')).toBe('pages/1001-shop-1.md')
    git(what, '--abort')
    expect(head()).toBe(before)
    expect(await publish('second\n')).toBe(true)
  })

  it('on no branch', async () => {
    git('checkout', '--quiet', '--detach')
    expect((await failure(publish('first\n')))?.message).toBe(`${pages} is on no branch, where commits get lost: check one out`)
    expect(head()).toBe('Ada guide.md by hand')
  })

  it('and a lock that was left behind is named', async () => {
    writeFileSync(join(work, '.git/index.lock'), '')
    expect((await failure(publish('first\n')))?.message).toMatch(
      /^git add in .*pages: fatal: Unable to create '.*index\.lock': File exists\. Delete it if no git runs there\.$/,
    )
  })

  it('or there is no repository, and none that git trusts', async () => {
    rmSync(join(work, '.git'), { recursive: true })
    vi.stubEnv('GIT_CEILING_DIRECTORIES', around)
    expect((await failure(publish('first\n')))?.message).toMatch(
      /pages is in no git repository: make one there with 'git init', or clone yours$/,
    )
    mkdirSync(join(work, '.git'))
    git('init', '--quiet')
    writeFileSync(join(work, '.git/config'), '[core')
    expect((await failure(publish('first\n')))?.message).toMatch(/^git rev-parse in .*: fatal: bad config/)
  })
})

describe('a remote where somebody was faster', () => {
  let remote: string
  let other: string
  beforeEach(async () => {
    ;[remote, other] = [join(around, 'remote.git'), join(around, 'other')]
    gitIn(around, 'init', '--quiet', '--bare', '--initial-branch=main', remote)
    git('remote', 'add', 'origin', remote)
    await publish('1\n2\n3\n4\n5\nnotes\n')
    await repository('origin').commit('Pages', signal)
    gitIn(around, 'clone', '--quiet', remote, other)
  })
  const theirs = (change: () => void) => {
    change()
    gitIn(other, 'commit', '--quiet', '--all', '-m', 'By hand')
    gitIn(other, 'push', '--quiet')
  }
  const remotePage = () => gitIn(remote, 'show', 'main:pages/1001-shop-1.md')

  it('has ours on top, with what they wrote, where nobody said which branch follows which', async () => {
    theirs(() => writeFileSync(join(other, 'pages/1001-shop-1.md'), '1\n2\n3\n4\n5\nnotes of Ada\n'))
    await publish('one\n2\n3\n4\n5\nnotes\n')
    await repository('origin').commit('Pages', signal)
    expect(remotePage()).toBe('one\n2\n3\n4\n5\nnotes of Ada')
    expect(readFileSync(join(pages, '1001-shop-1.md'), 'utf8')).toContain('notes of Ada')
  })

  it('has ours where both changed the same of it', async () => {
    theirs(() => writeFileSync(join(other, 'pages/1001-shop-1.md'), 'uno\n2\n3\n4\n5\nnotes of Ada\n'))
    await publish('one\n2\n3\n4\n5\nnotes\n')
    await repository('origin').commit('Pages', signal)
    expect(remotePage()).toBe('one\n2\n3\n4\n5\nnotes of Ada')
  })

  it('and what does not fit at all leaves both as they are, and says why', async () => {
    theirs(() => rmSync(join(other, 'pages/1001-shop-1.md')))
    await publish('one\n2\n3\n4\n5\nnotes\n')
    expect((await failure(repository('origin').commit('Pages', signal)))?.message).toMatch(/^git pull in .*CONFLICT \(modify\/delete\)/)
    expect(git('status', '--porcelain')).toBe('')
    expect(head()).toBe('Pages Pages')
  })

  it('or that can not be reached is asked again later, without the password of its address', async () => {
    git('remote', 'set-url', 'origin', 'http://ada:hunter2@127.0.0.1:9/x.git')
    const error = await failure(repository('origin').commit('Pages', signal))
    expect(error).toBeInstanceOf(TryLater)
    expect(error?.message).not.toContain('hunter2')
  })
})
