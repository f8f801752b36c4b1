import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StandinError } from '@standin/client'
import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { expect, it, onTestFinished } from 'vitest'
import { checkSetups } from './check-setups.ts'
import { type ConfiguredPlugin, checkPluginConfig, readPlugins } from './read-plugins.ts'

it('tells all that setup finds wrong, each by itself', async () => {
  const given = {
    rates: { changes: [{ from: '2026-12-01' }, { svmHour: 1, from: '2026-02-30' }] },
    categories: [{ label: 'team' }, { label: 'team' }],
    quotas: [{ project: 'a', user: 'b', svms: 1 }, { svms: 1 }, { project: 'c' }, { user: 'd', svms: 1 }, { user: 'd', svms: 2 }],
  }
  const plugin = (await builtInPlugins.usage?.()) as Plugin
  const config = checkPluginConfig(plugin, given)
  const faultOf = (message: string) => ({ path: '', message })
  const faults = await checkSetups([{ id: 'usage', use: 'usage', plugin, config, faults: [], faultOf }])
  expect(faults.map(({ message }) => message)).toEqual([
    'rates.changes[0] changes nothing',
    expect.stringContaining('rates.changes[1].from'),
    'categories: there are two of the label team',
    'quotas[0] is for a project and a user',
    'quotas[1] is for nobody',
    'quotas[2] limits nothing',
    'quotas[4]: there are two quotas for the user d',
  ])
})

it('points at the key that a plugin finds wrong, at the plugin where it names none, and shows nothing that was filled in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standin-setups-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'standin.config.yaml')
  const lines = [
    'plugins:',
    '  - use: picky',
    '    with:',
    '      wikis:',
    '        - { site: https://wiki.example, tokenFile: "${env:TOKEN_FILE}" }',
  ]
  writeFileSync(file, lines.join('\n'))
  const picky: Plugin = {
    id: 'picky',
    config: { type: 'object', properties: { wikis: { type: 'array' } } },
    setup: (_, config) => {
      const {
        wikis: [wiki],
      } = config as { wikis: [{ tokenFile: string }] }
      const errors = [
        { path: '/wikis/0/tokenFile', message: `there is no ${wiki.tokenFile}` },
        { path: '/wikis/0/space', message: 'is missing' },
        { path: '', message: 'is odd' },
      ]
      throw new StandinError('invalid', 'it is wrong', { errors })
    },
  }
  const { plugins, faults } = await readPlugins(file, { picky: async () => picky }, { TOKEN_FILE: '/secret/place' })
  expect(faults).toEqual([])
  expect(await checkSetups(plugins)).toEqual([
    { path: 'plugins.0.with.wikis.0.tokenFile', message: 'there is no ${env:TOKEN_FILE}', file, line: 5, column: 52 },
    { path: 'plugins.0.with.wikis.0.space', message: 'is missing', file, line: 5, column: 11 },
    { path: 'plugins.0.use', message: 'plugin/picky: is odd', file, line: 2, column: 10 },
  ])
})

it('waits for those that hang at once, and tells the others all the same', async () => {
  let hanging = 0
  let most = 0
  const hangs = (id: string): Plugin => ({
    id,
    config: { type: 'object' },
    setup: async () => {
      most = Math.max(most, ++hanging)
      await new Promise((done) => setTimeout(done, 50))
      hanging--
      throw new Error('no such wiki')
    },
  })
  const configured = ['a', 'b', 'c'].map((id): ConfiguredPlugin => {
    return { id, use: id, plugin: hangs(id), config: {}, faults: [], faultOf: (message, path) => ({ path, message }) }
  })
  const faults = await checkSetups(configured)
  expect(faults.map(({ message }) => message)).toEqual(['a', 'b', 'c'].map((id) => `plugin/${id}: no such wiki`))
  expect(most).toBe(3)
})

it('tells what a plugin finds wrong on this machine, at its key', async () => {
  const bind = { dn: 'cn=standin', passwordFile: '/nowhere/password' }
  const ldap = [{ id: 'corp', url: 'ldaps://ldap.example.com', bind, people: { base: 'ou=people' } }]
  const plugin = (await builtInPlugins.identity?.()) as Plugin
  const config = checkPluginConfig(plugin, { sources: { ldap } })
  const faultOf = (message: string, path = '') => ({ path, message })
  expect(await checkSetups([{ id: 'identity', use: 'identity', plugin, config, faults: [], faultOf }])).toEqual([
    {
      path: '/sources/ldap/0/bind/passwordFile',
      message: 'the bind password can not be read from /nowhere/password: ENOENT',
    },
  ])
})
