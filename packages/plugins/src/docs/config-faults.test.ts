import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { configFaults, fileFaults } from './config-faults.ts'
import type { DocsConfig } from './docs-config.ts'

const wiki = {
  id: 'confluence',
  site: 'https://wiki.example',
  email: 'ada@example.com',
  tokenFile: '/t',
  space: 'ENV',
  titlePrefix: '',
  labels: [],
}
const folder = { id: 'markdown', folder: '/pages', title: 'All' }
const config = (more: Partial<DocsConfig>): DocsConfig => ({
  ...{ markdown: [], confluence: [], backstage: [], vanished: 'purge', refreshAt: '04:00', timeZone: 'UTC', dryRun: false },
  ...more,
})

it('points at what is wrong in a configuration: all of it', () => {
  const confluence = [
    { ...wiki, site: 'https://ada:hunter2@wiki.example/wiki', tokenFile: 'token' },
    { ...wiki, id: 'wiki' },
    { ...wiki, id: 'wiki-2', space: 'env' },
  ]
  expect(
    configFaults(config({ markdown: [folder, { ...folder, folder: 'pages/' }, { ...folder, id: 'b', folder: '/pages/' }], confluence })),
  ).toEqual([
    { path: '/markdown/1/folder', message: 'is no absolute path: pages/' },
    { path: '/markdown/2/folder', message: 'is the folder of another markdown writer already' },
    { path: '/confluence/0/tokenFile', message: 'is no absolute path: token' },
    { path: '/confluence/0/site', message: 'is no https:// address of a site without a path: https://wiki.example/wiki' },
    { path: '/confluence/2/space', message: 'is written by another confluence writer already: give one of them a titlePrefix' },
    { path: '', message: 'two writers are called markdown: give one of them another id' },
  ])
  expect(configFaults(config({}))).toEqual([
    { path: '', message: 'there is nothing to write to: give it markdown, confluence or backstage' },
  ])
})

it('points at tokens that can not be read on this machine', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'standin-docs-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'good'), 'token', { mode: 0o600 })
  writeFileSync(join(dir, 'open'), 'token', { mode: 0o644 })
  const confluence = ['good', 'open', 'none'].map((name) => ({ ...wiki, id: name, tokenFile: join(dir, name) }))
  expect(await fileFaults(config({ confluence }))).toEqual([
    { path: '/confluence/1/tokenFile', message: `the API token in ${dir}/open can be read by others: chmod 600 ${dir}/open` },
    { path: '/confluence/2/tokenFile', message: `the API token can not be read from ${dir}/none: ENOENT` },
  ])
})
