import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Page } from '../../page/page.ts'
import { TryLater } from '../page-writer.ts'
import { ConfluenceClient } from './confluence-client.ts'
import { ConfluenceWriter } from './confluence-writer.ts'
import { ConfluenceSimulator } from './testing/confluence-simulator.ts'

const { signal } = new AbortController()
const page = (more: Partial<Page> = {}): Page => ({
  key: '1001',
  title: 'shop-1 (1001)',
  summary: 'running',
  tags: ['standin', 'state-running'],
  about: { name: 'shop-1', state: 'running', owner: 'ada', project: null, template: null, links: [] },
  blocks: [
    { kind: 'table', columns: ['', ''], rows: [['Why', '<b>R&D</b> "x"']] },
    {
      kind: 'drawing',
      topology: { nodes: [{ id: 'web', kind: 'host', lines: ['web'] }], arrows: [] },
    },
  ],
  ...more,
})
const own = '<p>Ask <strong>Ada</strong>.</p>'

let simulator: ConfluenceSimulator
let folder: string
let site: string

beforeEach(async () => {
  simulator = new ConfluenceSimulator()
  folder = mkdtempSync(join(tmpdir(), 'standin-confluence-'))
  writeFileSync(join(folder, 'token'), `${simulator.token}\n`, { mode: 0o600 })
  site = await simulator.start()
})
afterEach(async () => {
  expect(simulator.faults).toEqual([])
  await simulator[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const writer = (more: Partial<ConstructorParameters<typeof ConfluenceWriter>[1]> = {}, email = simulator.email) =>
  new ConfluenceWriter(new ConfluenceClient({ site, email, tokenFile: join(folder, 'token') }), {
    id: 'confluence',
    platform: async () => '01234567-89ab',
    site,
    space: 'ENV',
    parent: 'Environments',
    titlePrefix: '',
    labels: ['ours'],
    vanished: 'purge',
    ...more,
  })
const entry = (known: unknown) => ({ key: '1001', title: 'shop-1 (1001)', summary: '', known: known as never })
const only = () => {
  const found = simulator.titled('shop-1 (1001)')
  if (found === undefined) throw new Error('there is no page')
  return found
}

/** What stands behind the heading, with the anchors as they are stored. */
const writeNotes = (place: (begin: string, end: string) => string) => {
  const anchors =
    only().value.match(/<ac:structured-macro (?:(?!<\/ac:structured-macro>).)*standin-yours-\w+.*?<\/ac:structured-macro>/g) ?? []
  expect(anchors).toHaveLength(2)
  only().value = `${only().value.split('<h2>Notes</h2>')[0]}<h2>Notes</h2>${place(anchors[0] ?? '', anchors[1] ?? '')}`
}

describe('pages in Confluence', () => {
  it('are made below their parent, which is made where it is missing, with labels and a drawing', async () => {
    await writer().write(page(), undefined, signal)
    const parent = simulator.titled('Environments')
    expect(parent?.value).toContain('ac:name="children"')
    expect(only()).toMatchObject({ parentId: parent?.id, version: 1 })
    expect(only().value).toContain('<tr><th>Why</th><td>&lt;b&gt;R&amp;D&lt;/b&gt; &quot;x&quot;</td></tr>')
    expect([...only().labels].sort()).toEqual(['ours', 'standin', 'state-running'])
    expect(only().attachments.get('standin-topology.svg')).toMatch(/^<svg /)
  })

  it('are changed in place, and keep what people wrote, their labels and the place that people moved them to', async () => {
    const known = await writer().write(page(), undefined, signal)
    only().value = only().value.replace(/<p><em>What you write[\s\S]*?<\/p>/, own)
    only().labels.add('by-hand')
    only().parentId = null
    simulator.requests.length = 0
    await writer().write(page({ tags: ['standin', 'state-suspended'], blocks: [] }), known, signal)
    expect(only()).toMatchObject({ version: 2, parentId: null })
    expect(only().value).toContain(own)
    expect(only().value).not.toContain('Why')
    expect([...only().labels].sort()).toEqual(['by-hand', 'ours', 'standin', 'state-suspended'])
    expect(simulator.requests.filter((each) => each.startsWith('POST /wiki/api'))).toEqual([])
  })

  it.each([
    ['beside the first anchor', (begin: string, end: string) => `<p>${begin} by hand</p>${own}<p>${end}</p>`, `<p> by hand</p>${own}`],
    [
      'before the last one',
      (begin: string, end: string) => `<p>${begin}</p><p><strong>by hand ${end}</strong></p>`,
      '<p><strong>by hand </strong></p>',
    ],
    ['between both, in one line', (begin: string, end: string) => `<p>${begin}a <em>b</em>${end}</p>`, '<p>a <em>b</em></p>'],
    [
      'code, in which nothing is a tag',
      (begin: string, end: string) =>
        `<p>${begin}</p><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[</p><x>]]></ac:plain-text-body></ac:structured-macro><hr/><p>${end}</p>`,
      '<ac:plain-text-body><![CDATA[</p><x>]]></ac:plain-text-body></ac:structured-macro><hr/>',
    ],
  ])('keep what people wrote %s', async (_, place, kept) => {
    const known = await writer().write(page(), undefined, signal)
    writeNotes(place)
    await writer().write(page({ blocks: [] }), known, signal)
    expect(only().value).toContain(kept)
    await writer().write(page(), known, signal)
    expect(only().value).toContain(kept)
  })

  it('are left alone where the anchors stand in parts of the page that can not be put together again', async () => {
    const known = await writer().write(page(), undefined, signal)
    writeNotes((begin, end) => `<ac:layout-cell><p>${begin}</p></ac:layout-cell><ac:layout-cell><p>mine</p>${end}</ac:layout-cell>`)
    await expect(writer().write(page(), known, signal)).rejects.toThrow('has lost its anchors')
    expect(only().value).toContain('mine')
  })

  it('move when the configuration names another parent, and get another title in place', async () => {
    const known = await writer().write(page(), undefined, signal)
    const { id } = only()
    await writer({ parent: 'Clones', titlePrefix: 'Standin: ' }).write(page(), known, signal)
    expect(simulator.pages.get(id)).toMatchObject({ title: 'Standin: shop-1 (1001)', parentId: simulator.titled('Clones')?.id })
  })

  it('are written on what a person saved meanwhile (409), and lose nothing of it', async () => {
    const known = await writer().write(page(), undefined, signal)
    const save = (each: { version: number; value: string }) => {
      each.version++
      each.value = each.value.replace(/<p><em>What you write[\s\S]*?<\/p>/, own)
    }
    simulator.upset(/^PUT .*pages/, save, save)
    await writer().write(page({ blocks: [] }), known, signal)
    expect(only().version).toBe(4)
    expect(only().value).toContain(own)
  })

  it('are given up for now where somebody saves them without end', async () => {
    const known = await writer().write(page(), undefined, signal)
    simulator.upset(/^PUT .*pages/, ...Array.from({ length: 5 }, () => (each: { version: number }) => void each.version++))
    await expect(writer().write(page(), known, signal)).rejects.toThrow("'shop-1 (1001)' was changed by others 5 times")
  })

  it('are found again where the answer to their making was lost, and never made twice', async () => {
    simulator.upset(/^POST .*\/pages$/, 'cut after it is done', 'cut after it is done')
    const retried = writer()
    for (let attempt = 0; attempt < 2; attempt++) await expect(retried.write(page(), undefined, signal)).rejects.toThrow(TryLater)
    await retried.write(page(), undefined, signal)
    expect([...simulator.pages.values()].map(({ title }) => title).sort()).toEqual(['Environments', 'shop-1 (1001)'])
  })

  it('are told apart from a page of that title that people made, also after the answer was lost', async () => {
    const theirs = simulator.add('shop-1 (1001)', '<p>by hand</p>')
    simulator.add('Environments', '')
    simulator.upset(/^POST .*\/pages$/, { status: 400, body: '{"errors":[]}' }, 'cut after it is done')
    await expect(writer().write(page(), undefined, signal)).rejects.toThrow(TryLater)
    const known = await writer().write(page(), undefined, signal)
    await writer().write(page({ blocks: [] }), known, signal)
    expect(theirs).toMatchObject({ version: 1, value: '<p>by hand</p>' })
    expect(simulator.titled('shop-1 (1001) – Standin')?.version).toBeGreaterThan(1)
    expect(simulator.pages.size).toBe(3)
    simulator.faults.length = 0
  })

  it.each([
    ['in another case', 'Shop-1 (1001)', 'change'],
    ['where the account does not see it', 'shop-1 (1001)', 'nothing'],
  ] as const)('are told apart from a page of that title that is there %s', async (_, title, access) => {
    const theirs = simulator.add(title, '<p>by hand</p>')
    theirs.access = access
    const known = await writer().write(page(), undefined, signal)
    await writer().write(page({ blocks: [] }), known, signal)
    expect(theirs).toMatchObject({ version: 1, value: '<p>by hand</p>' })
    expect(simulator.titled('shop-1 (1001) – Standin')?.version).toBe(2)
    simulator.faults.length = 0
  })

  it('get another title where theirs is taken by one in another case', async () => {
    const known = await writer().write(page(), undefined, signal)
    simulator.add('TILL (1001)', '<p>by hand</p>')
    await writer().write(page({ title: 'till (1001)' }), known, signal)
    expect(simulator.titled('till (1001) – Standin')).toMatchObject({ version: 2 })
  })

  it('of another Standin, which has an environment of that name and number, stay its own', async () => {
    const other = { platform: async () => '76543210-89ab' }
    const [known, theirs] = [await writer().write(page(), undefined, signal), await writer(other).write(page(), undefined, signal)]
    await writer(other).write(page({ blocks: [] }), theirs, signal)
    expect(only()).toMatchObject({ version: 1 })
    expect(only().value).toContain('Why')
    await writer(other).remove(entry(theirs), signal)
    expect(simulator.titled('shop-1 (1001) – Standin')).toBeUndefined()
    await writer().remove(entry(known), signal)
    expect([...simulator.pages.values()].filter(({ status }) => status === 'current').map(({ title }) => title)).toEqual(['Environments'])
    simulator.faults.length = 0
  })

  it('stay as they are where somebody restricted who may change them, and the others are written', async () => {
    const known = await writer().write(page(), undefined, signal)
    only().access = 'see'
    const error = await writer()
      .write(page({ blocks: [] }), known, signal)
      .catch((each) => each)
    expect(error).not.toBeInstanceOf(TryLater)
    expect(error.message).toBe('standin@example.com may not change this page (403)')
    await writer().write(page({ key: '1002', title: 'shop-2 (1002)' }), undefined, signal)
    expect(simulator.titled('shop-2 (1002)')).toBeDefined()
  })

  it('stay in the old space, and are made in the new one, where the configuration names another', async () => {
    const known = await writer().write(page(), undefined, signal)
    const old = only()
    await writer({ space: 'OPS' }).write(page(), known, signal)
    expect(old).toMatchObject({ version: 1, status: 'current', spaceId: '65537' })
    expect([...simulator.pages.values()].map(({ spaceId, title }) => [spaceId, title])).toContainEqual(['65538', 'shop-1 (1001)'])
  })

  it('are left alone where their anchors are gone', async () => {
    const known = await writer().write(page(), undefined, signal)
    only().value = only().value.replace('standin-yours-end', 'x')
    await expect(writer().write(page(), known, signal)).rejects.toThrow("'shop-1 (1001)' has lost its anchors")
    expect(only().version).toBe(1)
  })

  it('are made anew where somebody deleted them', async () => {
    const known = await writer().write(page(), undefined, signal)
    only().status = 'trashed'
    await writer().write(page(), known, signal)
    expect(only().version).toBe(1)
    expect([...only().labels].sort()).toEqual(['ours', 'standin', 'state-running'])
    expect(only().attachments.size).toBe(1)
  })

  it('are made anew where somebody archived them, and are one again where that comes back', async () => {
    const known = await writer().write(page(), undefined, signal)
    const first = only()
    first.status = 'archived'
    const again = await writer().write(page(), known, signal)
    const second = only()
    second.status = 'trashed'
    first.status = 'current'
    await writer().write(page({ blocks: [] }), again, signal)
    expect(only()).toBe(first)
    expect(first.value).not.toContain('Why')
  })

  it.each([
    ['purge', 'trashed'],
    ['archive', 'archived'],
  ] as const)('go away with their environment: %s', async (vanished, status) => {
    const known = await writer().write(page(), undefined, signal)
    const remote = only()
    await writer({ vanished }).remove(entry(known), signal)
    expect(remote.status).toBe(status)
    await writer({ vanished }).remove(entry(known), signal)
  })

  it.each(['shop-1 (1001)', 'other'])('go away also where nobody heard that they were made, beside a page called %s', async (title) => {
    const theirs = simulator.add(title, '<p>by hand</p>')
    await writer().write(page(), undefined, signal)
    await writer().remove(entry(null), signal)
    const current = [...simulator.pages.values()].filter(({ status }) => status === 'current')
    expect(current.map((each) => each.title).sort()).toEqual(['Environments', theirs.title].sort())
    simulator.faults.length = 0
  })

  it('stay where people made something else of them', async () => {
    const known = await writer().write(page(), undefined, signal)
    only().value = '<p>a poem</p>'
    await expect(writer().remove(entry(known), signal)).rejects.toThrow('is no longer the one of shop-1 (1001)')
    expect(only().status).toBe('current')
  })

  it('with a title that is too long are refused here, with its length', async () => {
    const long = writer({ titlePrefix: 'x'.repeat(250) })
    await expect(long.write(page(), undefined, signal)).rejects.toThrow(/has 263 characters: Confluence takes 255/)
    expect(simulator.requests).toEqual([])
  })
})

describe('Confluence that is not as it should be', () => {
  it.each([
    ['asks for patience', { status: 429, headers: { 'retry-after': '7' } }, 7_000, 'asks for fewer requests (429)'],
    ['asks for patience until a date', { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' } }, 86_400_000, '429'],
    [
      'asks for patience by a clock of its own',
      { status: 429, headers: { date: 'Thu, 01 Jan 2099 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2099 02:00:00 GMT' } },
      7_200_000,
      '429',
    ],
    [
      'answers with something that it never answers with',
      { status: 200, body: '{"results":[{}]}' },
      60_000,
      'with something else than Confluence does',
    ],
    ['does not say how long', { status: 503 }, 60_000, 'does not work (503)'],
    ['answers with a page for people', { status: 200, body: '<html>' }, 60_000, 'something else than JSON'],
  ])('%s: all waits', async (_, misfortune, afterMs, words) => {
    simulator.upset(/^GET/, misfortune)
    const error = await writer()
      .write(page(), undefined, signal)
      .catch((each) => each)
    expect(error).toBeInstanceOf(TryLater)
    expect(error).toMatchObject({ afterMs, message: expect.stringContaining(words) })
  })

  it('refuses the token: its file is named, and nothing of it told', async () => {
    const error = await writer({}, 'other@example.com')
      .write(page(), undefined, signal)
      .catch((each) => each)
    expect(error).toBeInstanceOf(TryLater)
    expect(error.message).toMatch(/refuses the token of other@example.com \(401\): look at .*token$/)
    expect(error.message).not.toContain(simulator.token)
  })

  it('is not asked with a token that others can read', async () => {
    chmodSync(join(folder, 'token'), 0o640)
    await expect(writer().write(page(), undefined, signal)).rejects.toThrow(/^the API token in .*token can be read by others: chmod 600 /)
    expect(simulator.requests).toEqual([])
  })

  it('takes the next token once this one has expired', async () => {
    const known = await writer().write(page(), undefined, signal)
    const lasting = writer()
    writeFileSync(join(folder, 'token'), 'expired')
    await expect(lasting.write(page({ blocks: [] }), known, signal)).rejects.toThrow(/refuses the token .*\(401\)/)
    writeFileSync(join(folder, 'token'), simulator.token)
    await lasting.write(page({ blocks: [] }), known, signal)
    expect(only().version).toBe(2)
  })

  it.each([
    ['a token that is refused', { token: 'other' }, {}, 'refuses the token'],
    ['no token', { token: '' }, {}, 'is empty'],
    ['no space', {}, { space: 'NONE' }, 'there is no space NONE'],
  ])('is told before there is an environment: %s', async (_, { token = simulator.token }: { token?: string }, more, words) => {
    writeFileSync(join(folder, 'token'), token)
    await expect(writer(more).finish([], signal)).rejects.toThrow(words)
  })

  it('has lost the space meanwhile: the first page says so, and no other is tried', async () => {
    const lasting = writer()
    await lasting.write(page(), undefined, signal)
    delete simulator.spaces.ENV
    await expect(lasting.write(page({ key: '1002', title: 'shop-2 (1002)' }), undefined, signal)).rejects.toThrow('answers 404')
    await expect(lasting.write(page({ key: '1003', title: 'shop-3 (1003)' }), undefined, signal)).rejects.toBeInstanceOf(TryLater)
  })

  it('refuses a drawing: the page gets no further version each time that it is tried', async () => {
    const lasting = writer()
    simulator.upset(/^PUT .*attachment/, { status: 403 }, { status: 413 }, { status: 503 })
    for (let times = 0; times < 3; times++) await expect(lasting.write(page(), undefined, signal)).rejects.toThrow()
    expect(only()).toMatchObject({ version: 1, attachments: new Map() })
    await lasting.write(page(), undefined, signal)
    expect([only().version, only().attachments.size]).toEqual([1, 1])
  })

  it.each([409, 413])('refuses one page with %i: only that page fails', async (status) => {
    const known = await writer().write(page(), undefined, signal)
    simulator.upset(/^PUT .*pages/, ...Array.from({ length: 5 }, () => ({ status, body: '{"errors":[{"title":"no"}]}' })))
    const error = await writer()
      .write(page({ blocks: [] }), known, signal)
      .catch((each) => each)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(TryLater)
    expect(only().version).toBe(1)
  })

  it('does not know the space', async () => {
    await expect(writer({ space: 'NONE' }).write(page(), undefined, signal)).rejects.toThrow('there is no space NONE')
  })

  it('refuses a page for what is on it: only that page fails, with its words', async () => {
    simulator.add('Environments', '')
    simulator.upset(/^POST .*\/pages$/, { status: 400, body: '{"errors":[{"title":"Bad","detail":"body is too large"}]}' })
    await expect(writer().write(page(), undefined, signal)).rejects.toThrow('answers 400: Bad: body is too large')
  })

  it('sends us elsewhere: nobody else sees the token', async () => {
    simulator.upset(/^GET/, { status: 302, headers: { location: 'http://127.0.0.1:9/' } })
    await expect(writer().write(page(), undefined, signal)).rejects.toBeInstanceOf(TryLater)
  })
})
