import type { Plugin, PluginGauge } from '@standin/core'
import { bootPlugin } from '@standin/testing/plugin'
import { describe, expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import { usagePlugin } from '../usage-plugin.ts'
import { UsageGauges } from './usage-gauges.ts'

describe('metrics of usage', () => {
  it('tell what runs, what it holds and costs by project, and how full quotas are', { timeout: 60_000 }, async () => {
    const rates = { currency: 'EUR', svmHour: 0.05 }
    const config = { timeZone: 'Europe/Berlin', rates, quotas: [{ project: 'shop', svms: 4, environments: 10 }] }
    await using booted = await bootPlugin(usagePlugin as Plugin, config, { at: '2026-11-02T09:00:00Z' })
    booted.world.storageBytes.set(1001, 5 * 2 ** 30)
    await booted.clone('shop-1', { project: 'shop' })
    const { id } = await booted.clone('crm-1', { project: 'crm' })
    await booted.client.environments.act(id, 'suspend')
    await booted.advance('2h')
    const metrics = async () => {
      const headers = { authorization: `Bearer ${booted.adminToken}` }
      const text = await (await fetch(`${booted.client.url}/v1/metrics`, { headers })).text()
      return text.split('\n').filter((line) => line.startsWith('standin_plugin_usage_'))
    }
    await expect.poll(metrics).toContain('standin_plugin_usage_running_svms{project="shop"} 3')
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        'standin_plugin_usage_running_environments{project="shop"} 1',
        'standin_plugin_usage_running_environments{project="crm"} 0',
        'standin_plugin_usage_running_svms{project="crm"} 0',
        `standin_plugin_usage_storage_bytes{project="shop"} ${5 * 2 ** 30}`,
        'standin_plugin_usage_quota_used_ratio{who="project shop",what="running SVMs"} 0.75',
        'standin_plugin_usage_quota_used_ratio{who="project shop",what="environments"} 0.1',
      ]),
    )
    // Three SVMs for two hours, or five minutes less: money is not counted more often than that.
    const [cost = ''] = (await metrics()).filter((line) => line.includes('month_cost{project="shop",currency="EUR"}'))
    expect(Number(cost.split(' ')[1])).toBeGreaterThan(0.3 * (110 / 120))
    expect(Number(cost.split(' ')[1])).toBeLessThanOrEqual(0.3)

    // What is gone is no metric any more.
    await booted.client.environments.get('shop-1').then((environment) => environment.delete({ purge: true }))
    await booted.advance('6m')
    await expect.poll(metrics).toContain('standin_plugin_usage_running_svms{project="shop"} 0')
  })

  it('tell no more than 200 projects apart, and lose nothing of the others', () => {
    const values = new Map<string, Map<string, number>>()
    const gauge = (name: string): PluginGauge => {
      const own = new Map<string, number>()
      values.set(name, own)
      return { set: (value, labels = {}) => void own.set(Object.values(labels).join(), value), reset: () => own.clear() }
    }
    const gauges = new UsageGauges({ gauge, counter: () => ({ inc() {} }) })
    const spans = Array.from({ length: 5_000 }, (_, index): UsageSpan => {
      const labels = { project: `project-${index}` }
      return { environment: 1001 + index, template: null, name: 'x', owner: 'a', labels, from: 0, to: null, svms: 2, storageBytes: index }
    })
    gauges.set([], spans, { money: null, quotas: [] })
    const svms = values.get('running_svms') ?? new Map()
    expect([svms.size, [...svms.values()].reduce((sum, value) => sum + value, 0)]).toEqual([200, 10_000])
    expect(svms.get('other')).toBe(2 * 4_801)
  })
})
