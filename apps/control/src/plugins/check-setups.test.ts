import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { expect, it } from 'vitest'
import { checkSetups } from './check-setups.ts'
import { checkPluginConfig } from './read-plugins.ts'

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
    'plugin/usage: rates.changes[0] changes nothing',
    expect.stringContaining('plugin/usage: rates.changes[1].from'),
    'plugin/usage: categories: there are two of the label team',
    'plugin/usage: quotas[0] is for a project and a user',
    'plugin/usage: quotas[1] is for nobody',
    'plugin/usage: quotas[2] limits nothing',
    'plugin/usage: quotas[4]: there are two quotas for the user d',
  ])
})
