import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string
let booted: BootedPlugin | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-docs-'))
})
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
  rmSync(folder, { recursive: true, force: true })
})

const boot = async (writer: object = {}, more: object = {}) => {
  const docs = (await builtInPlugins.docs?.()) as Plugin
  booted = await bootPlugin(docs, { markdown: [{ folder, ...writer }], ...more })
  return booted
}
const read = (file: string) => readFileSync(join(folder, file), 'utf8')
const files = () =>
  readdirSync(folder)
    .filter((name) => name !== '.standin')
    .sort()
const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' })
const printed = (plugin: BootedPlugin) => plugin.runs('minutely').flatMap(({ output }) => (output === '' ? [] : output.trim().split('\n')))

describe('docs, as a folder of Markdown', () => {
  it('writes a page about each environment, and an index', async () => {
    const plugin = await boot()
    await plugin.clone('shop-1', { project: 'shop', team: 'a|b *c*' })
    await plugin.advance('1m')
    expect(files()).toEqual(['1001-shop-1.md', 'README.md'])
    const page = read('1001-shop-1.md')
    expect(page).toMatch(/^<!-- Made by Standin\./)
    expect(page).toContain('# shop-1 (1001)')
    expect(page).toMatch(/\| State \| running since 2026-03-02 09:00 UTC \|/)
    expect(page).toMatch(/\| www \| \[http:\/\/www-1001\./)
    expect(page).toMatch(/\| db-1 \| `db\.1001\./)
    expect(page).toMatch(/\| Why \| \S.* \(.+\) \|/)
    expect(page).toMatch(/## Template[\s\S]*\| Version \| shop@1 \|\n\| Built \| \S.*, build 1, by test \|\n\| Blueprint \| `00` \|/)
    expect(page).toContain('| `team` | a\\|b \\*c\\* |')
    expect(page).toContain('n0(["gateway"])')
    expect(page).toMatch(/n0 -->\|"www"\| n2\n {2}n2 --> n1/)
    expect(read('README.md')).toContain('| [shop-1 (1001)](<1001-shop-1.md>) | running, ')
  })

  it('writes again what changed, and nothing else', async () => {
    const plugin = await boot()
    const [shop] = [await plugin.clone('shop-1'), await plugin.clone('shop-2')]
    await plugin.advance('1m')
    const before = statSync(join(folder, '1002-shop-2.md')).mtimeMs
    await shop.suspend({ reason: 'lunch' })
    await plugin.advance('3m')
    expect(read('1001-shop-1.md')).toMatch(/\| State \| suspended since/)
    expect(read('1001-shop-1.md')).toContain('| Why | lunch (token:')
    expect(statSync(join(folder, '1002-shop-2.md')).mtimeMs).toBe(before)
    expect(printed(plugin)).toEqual(['markdown: write shop-1 (1001)', 'markdown: write shop-2 (1002)', 'markdown: write shop-1 (1001)'])
  })

  it('finds out after a restart what changed meanwhile, and writes nothing that did not', async () => {
    const plugin = await boot()
    await plugin.clone('shop-1')
    await plugin.advance('1m')
    await plugin.restart()
    await plugin.advance('2m')
    expect(printed(plugin)).toEqual(['markdown: write shop-1 (1001)'])
  })

  it('keeps what people wrote between the marks, also when the environment gets another name', async () => {
    const plugin = await boot()
    const shop = await plugin.clone('shop-1')
    await plugin.advance('1m')
    const own = 'Ask *Ada* about the `data`.\n'
    writeFileSync(join(folder, '1001-shop-1.md'), read('1001-shop-1.md').replace('<!-- yours: begin -->\n', `$&${own}`))
    await shop.update({ name: 'till' })
    await plugin.advance('2m')
    expect(files()).toEqual(['1001-till.md', 'README.md'])
    expect(read('1001-till.md')).toContain(`<!-- yours: begin -->\n${own}<!-- yours: end -->`)
    expect(read('1001-till.md')).toContain('# till (1001)')
  })

  it('writes over nothing whose marks are gone, and goes on once they are back', async () => {
    const plugin = await boot()
    const shop = await plugin.clone('shop-1')
    await plugin.advance('1m')
    const page = read('1001-shop-1.md')
    writeFileSync(join(folder, '1001-shop-1.md'), page.replace('<!-- yours: end -->', ''))
    await shop.update({ labels: { team: 'till' } })
    await plugin.advance('2m')
    expect(read('1001-shop-1.md')).not.toContain('till')
    expect(plugin.plugin).toMatchObject({ message: expect.stringContaining('has lost its marks') })
    writeFileSync(join(folder, '1001-shop-1.md'), page)
    await plugin.advance('5m')
    expect(read('1001-shop-1.md')).toContain('till')
    expect(plugin.plugin).toMatchObject({ message: null })
  })

  it('keeps the page of what is in the trash, and removes that of what is gone', async () => {
    const plugin = await boot()
    const shop = await plugin.clone('shop-1')
    await plugin.advance('1m')
    await shop.delete()
    await plugin.advance('2m')
    expect(read('1001-shop-1.md')).toMatch(/State \| deleted since/)
    await plugin.client.environments.get(1001).then((each) => each.delete({ purge: true }))
    await plugin.advance('2m')
    expect(files()).toEqual(['README.md'])
    expect(read('README.md')).not.toContain('shop-1')
  })

  it('moves the page of what is gone to the archive where that is wished', async () => {
    const plugin = await boot({}, { vanished: 'archive' })
    const shop = await plugin.clone('shop-1')
    await plugin.advance('1m')
    await shop.delete({ purge: true })
    await plugin.advance('2m')
    expect(files()).toEqual(['README.md', 'archive'])
    expect(existsSync(join(folder, 'archive/1001-shop-1.md'))).toBe(true)
  })

  it('hides what looks like a secret', async () => {
    const plugin = await boot()
    await plugin.clone('shop-1', { db_password: 'hunter2', repo: 'https://ada:hunter3@git.example/x', key: `AKIA${'A'.repeat(16)}` })
    await plugin.advance('1m')
    const page = read('1001-shop-1.md')
    expect(page).not.toMatch(/hunter|AKIA/)
    expect(page).toContain('https://git.example/x')
  })

  it('says what it would write, and writes nothing, in a dry run', async () => {
    const plugin = await boot({}, { dryRun: true })
    await plugin.clone('shop-1')
    await plugin.advance('1m')
    expect(files()).toEqual([])
    expect(printed(plugin)).toEqual(['markdown: would write shop-1 (1001)'])
  })
})

describe('docs, with what other plugins say', () => {
  /** Counts how often it was asked. */
  const meter = (say: () => string): Plugin => ({
    id: 'meter',
    config: { type: 'object' },
    setup: () => ({ section: async () => ({ title: 'Cost', rows: [{ name: 'So far', value: say() }] }) }),
  })

  it('has it on the page, and writes no page for it alone but once a day', async () => {
    let cost = 0
    const docs = (await builtInPlugins.docs?.()) as Plugin
    booted = await bootPlugin(docs, { markdown: [{ folder }], refreshAt: '09:30' }, { beside: [[meter(() => `${++cost} EUR`)]] })
    const shop = await booted.clone('shop-1')
    await booted.advance('1m')
    expect(read('1001-shop-1.md')).toMatch(/## Cost[\s\S]*\| So far \| 1 EUR \|/)
    await shop.update({ suspendAfterMs: 600_000 })
    await booted.advance('2m')
    expect(read('1001-shop-1.md')).toContain('| So far | 2 EUR |')
    await booted.advance('10m')
    expect(read('1001-shop-1.md')).toContain('| So far | 2 EUR |')
    await booted.advanceTo('2026-03-02T09:31:00Z')
    expect(read('1001-shop-1.md')).toContain('| So far | 3 EUR |')
  })
})

describe('docs, in a git repository', { timeout: 60_000 }, () => {
  it('commits what it wrote, and nothing else', async () => {
    git('init', '--quiet')
    mkdirSync(join(folder, 'pages'))
    writeFileSync(join(folder, 'mine.txt'), 'not ready')
    const plugin = await boot({ folder: join(folder, 'pages'), git: { author: { name: 'Pages', email: 'pages@example.com' } } })
    await plugin.clone('shop-1')
    await plugin.advance('3m')
    expect(git('log', '--format=%an <%ae> %s')).toBe('Pages <pages@example.com> Pages of 1 environments\n')
    expect(git('ls-files').trim().split('\n')).toEqual(['pages/.standin', 'pages/1001-shop-1.md', 'pages/README.md'])
    expect(git('status', '--porcelain')).toBe('?? mine.txt\n')
  })

  it('pushes to a remote where somebody else was faster, and loses neither', async () => {
    const remote = join(folder, 'remote.git')
    const pages = join(folder, 'pages')
    const other = join(folder, 'other')
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote])
    execFileSync('git', ['clone', '--quiet', remote, pages], { stdio: 'ignore' })
    execFileSync('git', ['-C', pages, 'checkout', '--quiet', '-b', 'main'])
    const plugin = await boot({ folder: pages, git: { push: 'origin' } })
    const shop = await plugin.clone('shop-1')
    await plugin.advance('1m')
    execFileSync('git', ['-C', pages, 'branch', '--set-upstream-to=origin/main'])
    execFileSync('git', ['clone', '--quiet', remote, other], { stdio: 'ignore' })
    writeFileSync(join(other, 'guide.md'), 'by hand')
    execFileSync('git', ['-C', other, 'add', 'guide.md'])
    execFileSync('git', ['-C', other, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'A guide'])
    execFileSync('git', ['-C', other, 'push', '--quiet'])
    await shop.suspend()
    await plugin.advance('2m')
    const log = execFileSync('git', ['-C', remote, 'log', '--format=%s'], { encoding: 'utf8' })
    expect(log).toBe('Pages of 1 environments\nA guide\nPages of 1 environments\n')
    expect(plugin.plugin).toMatchObject({ message: null })
  })

  it('says so where the folder is in no repository, and writes the pages all the same', async () => {
    const plugin = await boot({ git: {} })
    await plugin.clone('shop-1')
    await plugin.advance('1m')
    expect(files()).toEqual(['1001-shop-1.md', 'README.md'])
    expect(plugin.plugin).toMatchObject({ message: expect.stringContaining(`markdown: ${folder} is in no git repository`) })
  })
})
