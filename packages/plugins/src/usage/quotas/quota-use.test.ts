import { describe, expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import type { MonthCost } from '../rates/month-costs.ts'
import { quotaUses } from './quota-use.ts'
import { nextLevel, type QuotaLevel } from './quota-watch.ts'
import { QuotaLimits } from './quotas-config.ts'

const gb = 2 ** 30
const clone = (environment: number, owner: string, project: string, svms: number, storage: number): UsageSpan => ({
  ...{ environment, template: 'shop@1', name: `e${environment}`, owner, labels: project === '' ? {} : { project } },
  ...{ from: 0, to: null, svms, storageBytes: storage * gb },
})

describe('quotaUses', () => {
  it('counts for the project and for the user, those named with figures of their own, the fullest first', () => {
    const limits = new QuotaLimits([
      { project: 'shop', environments: 4, storage: '500g' },
      { user: '*', svms: 10, environments: 2 },
      { user: 'ann', svms: 20 },
      { project: 'gone', svms: 5 },
      { user: 'nobody', environments: 0 },
    ])
    const clones = [
      clone(1, 'ann', 'shop', 8, 100),
      clone(2, 'ann', 'shop', 2, 0),
      clone(3, 'bob', 'shop', 0, 25),
      clone(4, 'bob', '', 1, 0),
    ]
    const uses = quotaUses(limits, clones, null).map(({ who, what, used, limit, by }) => {
      return `${who}: ${used} of ${limit} ${what} (${by.map(({ name, used: has }) => `${name} ${has}`).join(', ')})`
    })
    expect(uses).toEqual([
      'user ann: 2 of 2 environments (e1 1, e2 1)',
      'user bob: 2 of 2 environments (e3 1, e4 1)',
      'user nobody: 0 of 0 environments ()',
      'project shop: 3 of 4 environments (ann 2, bob 1)',
      'user ann: 10 of 20 running SVMs (e1 8, e2 2)',
      `project shop: ${125 * gb} of ${500 * gb} storage (ann ${100 * gb}, bob ${25 * gb})`,
      'user bob: 1 of 10 running SVMs (e4 1)',
      'project gone: 0 of 5 running SVMs ()',
      'user nobody: 0 of 10 running SVMs ()',
    ])
  })

  it('knows who spent money although they have nothing any more', () => {
    const limits = new QuotaLimits([{ user: '*', moneyPerMonth: 10 }])
    const spent = [
      { project: 'shop', owner: 'ann', cost: 6 },
      { project: 'crm', owner: 'ann', cost: 1.5 },
    ]
    const month = { spent, monthByOwner: new Map([['ann', 7.5]]), monthByProject: new Map([['shop', 6]]) } as unknown as MonthCost
    expect(quotaUses(limits, [], month)).toMatchObject([
      {
        who: 'user ann',
        used: 7.5,
        ratio: 0.75,
        by: [
          { name: 'shop', used: 6 },
          { name: 'crm', used: 1.5 },
        ],
      },
    ])
  })

  it('has no quota for what has no project', () => {
    expect(quotaUses(new QuotaLimits([{ project: '*', environments: 0 }]), [clone(1, 'ann', '', 1, 1)], null)).toEqual([])
  })
})

describe('nextLevel', () => {
  it.each<[QuotaLevel, number[], QuotaLevel[]]>([
    [0, [0.79, 0.8, 0.79, 0.8, 0.76, 0.99, 0.74, 0.8], [0, 80, 80, 80, 80, 80, 0, 80]],
    [0, [1, 0.95, 1, 1.2, 0.8, 1, 0.7, 1], [100, 100, 100, 100, 100, 100, 0, 100]],
    [80, [1, 0.75, 0.749], [100, 100, 0]],
  ])('from %s through %j is %j', (level, ratios, levels) => {
    let at = level
    expect(ratios.map((ratio) => (at = nextLevel(at, ratio)))).toEqual(levels)
  })
})
