import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Page } from '../../page/page.ts'
import { PageFiles } from '../page-files.ts'
import { TryLater } from '../page-writer.ts'
import { MarkdownWriter } from './markdown-writer.ts'
import { PageFolder } from './page-folder.ts'

const { signal } = new AbortController()
const page = (more: Partial<Page> = {}): Page => ({
  key: '1001',
  title: 'shop-1 (1001)',
  summary: 'running',
  tags: [],
  about: { name: 'shop-1', state: 'running', owner: 'ada', project: null, template: null, links: [] },
  blocks: [{ kind: 'paragraph', text: 'first' }],
  ...more,
})
const entry = { key: '1001', title: 'shop-1 (1001)', summary: 'running', known: '1001-shop-1.md' }
const later: Page['blocks'] = [{ kind: 'paragraph', text: 'later' }]

let around: string
let folder: string
beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'standin-markdown-'))
  folder = join(around, 'pages')
})
afterEach(() => rmSync(around, { recursive: true, force: true }))

const writer = ({ platform = 'this', vanished = 'purge' }: { platform?: string; vanished?: 'purge' | 'archive' } = {}) =>
  new MarkdownWriter('markdown', new PageFolder(new PageFiles(folder, async () => platform), 'All'), null, vanished)
const at = (file: string) => join(folder, file)
const read = (file: string) => readFileSync(at(file), 'utf8')
const failure = (work: Promise<unknown>) => work.then(() => undefined).catch((error: Error) => error)
/** What a person writes into a page of ours. */
const note = (own: string, file = '1001-shop-1.md') =>
  writeFileSync(
    at(file),
    read(file).replace('<!-- yours: begin -->\n', () => `<!-- yours: begin -->\n${own}`),
  )

describe('what people wrote in a page', () => {
  it.each([
    ['lines', 'Ask *Ada*.\n'],
    ['text whose last line does not end', 'Ask *Ada*.'],
    ['HTML comments and tables', '<!-- mine -->\n| a |\n| - |\n'],
    ['signs of a pattern', "$& $1 $' \\1\n"],
  ])('stays, whatever it is: %s', async (_, own) => {
    const shelf = writer()
    await shelf.write(page(), undefined, signal)
    note(own)
    await shelf.write(page({ blocks: later }), undefined, signal)
    expect(read('1001-shop-1.md')).toContain(`later\n\n<!-- yours: begin -->\n${own}<!-- yours: end -->\n`)
  })

  it('stays where an editor of Windows saved it, with its line ends and a byte order mark', async () => {
    const shelf = writer()
    await shelf.write(page(), undefined, signal)
    note('Ask Ada.\n')
    writeFileSync(at('1001-shop-1.md'), `\ufeff${read('1001-shop-1.md').replaceAll('\n', '\r\n')}`)
    await shelf.write(page({ blocks: later }), undefined, signal)
    expect(read('1001-shop-1.md')).toContain('later\n\n<!-- yours: begin -->\nAsk Ada.\n<!-- yours: end -->\n')
  })

  it.each([
    ['the first mark twice', (text: string) => text.replace('<!-- yours: begin -->', '$&\n$&')],
    ['the last mark twice', (text: string) => text.replace('<!-- yours: end -->', '$&\n$&')],
    ['no first mark', (text: string) => text.replace('<!-- yours: begin -->\n', '')],
    ['no last mark', (text: string) => text.replace('<!-- yours: end -->', '')],
    ['marks the wrong way round', (text: string) => text.replace('begin', 'x').replace('end', 'begin').replace('x', 'end')],
    ['all of it within the marks', (text: string) => text.replace('<!-- yours: begin -->\n', `$&${text}`)],
    ['the marks of a merge', (text: string) => `<<<<<<< HEAD\n${text}`],
  ])('is not guessed at: %s', async (_, change) => {
    const shelf = writer()
    await shelf.write(page(), undefined, signal)
    const changed = change(read('1001-shop-1.md'))
    writeFileSync(at('1001-shop-1.md'), changed)
    expect(await failure(shelf.write(page({ blocks: later }), undefined, signal))).toMatchObject({ code: 'state_conflict' })
    expect(read('1001-shop-1.md')).toBe(changed)
  })

  it('is not damaged where it is no UTF-8', async () => {
    const shelf = writer()
    await shelf.write(page(), undefined, signal)
    const [before = '', after = ''] = read('1001-shop-1.md').split('<!-- yours: end -->')
    const changed = Buffer.concat([Buffer.from(before), Buffer.from([0x66, 0xfc, 0x72, 0x0a]), Buffer.from(`<!-- yours: end -->${after}`)])
    writeFileSync(at('1001-shop-1.md'), changed)
    expect((await failure(shelf.write(page({ blocks: later }), undefined, signal)))?.message).toMatch(/1001-shop-1\.md is not UTF-8/)
    expect(readFileSync(at('1001-shop-1.md')).equals(changed)).toBe(true)
  })

  it('is told from what is on the page, which may look like a mark', async () => {
    const blocks: Page['blocks'] = [
      {
        kind: 'table',
        columns: ['', ''],
        rows: [
          [[{ code: '<!-- yours: begin -->' }], '<!-- yours: end -->'],
          ['`', [{ code: '' }]],
        ],
      },
    ]
    const shelf = writer()
    await shelf.write(page({ blocks }), undefined, signal)
    note('Ask Ada.\n')
    await shelf.write(page({ blocks }), undefined, signal)
    expect(read('1001-shop-1.md')).toContain('<!-- yours: begin -->\nAsk Ada.\n<!-- yours: end -->\n')
  })
})

describe('files of people', () => {
  it.each(['purge', 'archive'] as const)('that are called like pages are none, also when the page goes: %s', async (vanished) => {
    mkdirSync(folder)
    writeFileSync(at('1001-notes.md'), 'mine')
    const shelf = writer({ vanished })
    await shelf.write(page(), undefined, signal)
    await shelf.write(page({ title: 'till (1001)' }), undefined, signal)
    expect(readdirSync(folder).sort()).toEqual(['.standin', '1001-notes.md', '1001-till.md'])
    await shelf.remove(entry, signal)
    expect([read('1001-notes.md'), existsSync(at('1001-till.md'))]).toEqual(['mine', false])
  })

  it.each([
    ['a page', '1001-shop-1.md', () => writer().write(page(), undefined, signal)],
    ['the index', 'README.md', () => writer().finish([], signal)],
  ])('in the place of %s are left there', async (_, file, write) => {
    mkdirSync(folder)
    writeFileSync(at(file), 'mine')
    expect((await failure(write()))?.message).toBe(`${at(file)} is in the way: it was not made by Standin`)
    expect(read(file)).toBe('mine')
  })

  it('that a page is a link to are neither read nor written', async () => {
    mkdirSync(folder)
    writeFileSync(join(around, 'secret'), 'root:x:0')
    for (const link of ['1001-shop-1.md', '.standin.new']) symlinkSync(join(around, 'secret'), at(link))
    expect((await failure(writer().write(page(), undefined, signal)))?.message).toMatch(/is in the way/)
    rmSync(at('1001-shop-1.md'))
    await writer().write(page(), undefined, signal)
    expect(readFileSync(join(around, 'secret'), 'utf8')).toBe('root:x:0')
  })

  it('and folders in the place of a page keep no other from being written', async () => {
    mkdirSync(at('1001-shop-1.md'), { recursive: true })
    const error = await failure(writer().write(page(), undefined, signal))
    expect(error).toMatchObject({ code: 'state_conflict', message: `${at('1001-shop-1.md')} can not be read: EISDIR` })
  })
})

describe('a folder', () => {
  it('that another Standin writes into is left to it', async () => {
    await writer().write(page(), undefined, signal)
    const error = await failure(writer({ platform: 'other' }).write(page({ blocks: later }), undefined, signal))
    expect(error).toBeInstanceOf(TryLater)
    expect(error?.message).toMatch(
      /pages has the pages of another Standin: take another folder, or delete .*\.standin if that one is gone$/,
    )
    expect(read('1001-shop-1.md')).toContain('first')
    rmSync(at('.standin'))
    await writer({ platform: 'other' }).write(page({ blocks: later }), undefined, signal)
    expect(read('1001-shop-1.md')).toContain('later')
  })

  it('that is a file has all of them wait', async () => {
    writeFileSync(folder, '')
    const error = await failure(writer().write(page(), undefined, signal))
    expect(error).toBeInstanceOf(TryLater)
    expect(error?.message).toBe(`${folder} can not be written: it is no folder`)
  })

  const isolate = ['unshare', '--map-root-user', '--mount']
  const mayMount = (() => {
    try {
      execFileSync(isolate[0] as string, [...isolate.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })()

  it.runIf(mayMount).each([
    ['is full', 'size=64k', 'there is no space left'],
    ['can only be read', 'ro', 'it can only be read'],
  ])('that %s has all of them wait; the page is as it was, and nothing is left over', (_, options, why) => {
    mkdirSync(folder)
    const program = join(import.meta.dirname, 'fixtures/write-until-it-fails.ts')
    const script = `mount -t tmpfs -o ${options} none "$1" && exec "$2" "$3" "$1"`
    const [unshare = '', ...flags] = isolate
    const told = execFileSync(unshare, [...flags, 'sh', '-c', script, 'sh', folder, process.execPath, program], { encoding: 'utf8' })
    expect(JSON.parse(told)).toEqual({ isLater: true, message: `${folder} can not be written: ${why}`, isWhole: true, left: [] })
  })
})
