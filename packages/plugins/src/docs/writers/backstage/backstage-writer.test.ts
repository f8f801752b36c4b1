import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Page } from '../../page/page.ts'
import { PageFiles } from '../page-files.ts'
import { BackstageWriter } from './backstage-writer.ts'

const { signal } = new AbortController()
const page: Page = {
  key: '1001',
  title: 'shop-1 (1001)',
  summary: 'yes: "&a !!js/function *b\u0085 # {x}',
  tags: ['standin'],
  about: {
    name: 'shop-1',
    state: 'running',
    owner: 'ada',
    project: 'null',
    template: null,
    links: [{ title: 'www', url: 'http://x/#: y' }],
  },
  blocks: [],
}
const entry = { key: '1001', title: page.title, summary: '', known: '1001.yaml' }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-backstage-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const writer = (vanished: 'purge' | 'archive' = 'purge') =>
  new BackstageWriter(new PageFiles(folder, async () => 'this'), { id: 'backstage', namespace: 'default', vanished }, null)
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

it('writes words that YAML would take for something else as they are', async () => {
  await writer().write(page, undefined, signal)
  expect(parse(read('1001.yaml'))).toMatchObject({
    metadata: { description: page.summary, annotations: { 'standin/config-id': '1001' }, links: [{ url: 'http://x/#: y' }] },
    spec: { system: 'system:default/null' },
  })
})

it.each([
  ['an entity', '1001.yaml', () => writer().write(page, undefined, signal)],
  ['the catalog', 'catalog-info.yaml', () => writer().finish([], signal)],
])('leaves what people made in the place of %s', async (_, file, write) => {
  writeFileSync(join(folder, file), 'kind: Component\n')
  await expect(write()).rejects.toThrow(`${join(folder, file)} is in the way: it was not made by Standin`)
  await writer().remove(entry, signal)
  expect(read(file)).toBe('kind: Component\n')
})

it.each([
  ['purge', ['.standin']],
  ['archive', ['.standin', 'archive']],
] as const)('takes entities away with their environments: %s', async (vanished, left) => {
  await writer(vanished).write(page, undefined, signal)
  for (let times = 0; times < 2; times++) await writer(vanished).remove(entry, signal)
  expect(readdirSync(folder).sort()).toEqual(left)
  expect(existsSync(join(folder, 'archive/1001.yaml'))).toBe(vanished === 'archive')
})
