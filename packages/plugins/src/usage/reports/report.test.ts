import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import { roundAmount } from '../rates/amount.ts'
import { Prices } from '../rates/prices.ts'
import { Dimensions } from './dimensions.ts'
import { makeReport } from './report.ts'
import { planReport, type ReportRequest } from './report-request.ts'
import { defuse, reportCsv, reportJson } from './report-text.ts'

const now = Date.parse('2026-12-24T12:00:30Z')
const gb = 2 ** 30
const dimensions = new Dimensions([
  { label: 'team', multi: false, separator: ',' },
  { label: 'tags', multi: true, separator: ',' },
])
const prices = new Prices(
  { currency: 'EUR', svmHour: 0.05, gbHour: 0.0002, changes: [{ from: '2026-11-03', project: 'shop', svmHour: 0.06 }] },
  'Europe/Berlin',
)

const span = (from: string, to: string | null, more: Partial<UsageSpan> = {}): UsageSpan => ({
  environment: 1001,
  template: 'shop@7',
  name: 'alice',
  owner: 'token:alice',
  labels: {},
  from: Date.parse(from),
  to: to === null ? null : Date.parse(to),
  svms: 1,
  storageBytes: 0,
  ...more,
})
const report = (spans: readonly UsageSpan[], request: ReportRequest) =>
  makeReport(
    planReport(request, dimensions, 'Europe/Berlin', now),
    (async function* () {
      yield* spans
    })(),
    prices,
    dimensions,
    new AbortController().signal,
  )
const table = async (spans: readonly UsageSpan[], request: ReportRequest) => {
  const { columns, rows, total } = await report(spans, request)
  return { columns: columns.map(({ id }) => id).join(' '), rows: rows.map((row) => row.join(' ')), total: Object.values(total).join(' ') }
}

// Worked out by hand: 0.05 an SVM-hour, 0.06 for the project shop since midnight of 3 November in Berlin, 0.0002 a GB-hour.
const november = [
  // Ran from 23:00 to 01:00 local time on two SVMs: 2 h × 2 × 0.05 = 0.10 on the 2nd … and one hour of it at 0.06 on the 3rd.
  span('2026-11-02T22:00Z', '2026-11-03T00:00Z', { svms: 2, labels: { project: 'shop', team: 'red', tags: 'demo, gpu' } }),
  // Suspended for ten hours with 10 GB: 100 GB-hours, 0.02.
  span('2026-11-03T00:00Z', '2026-11-03T10:00Z', {
    svms: 0,
    storageBytes: 10 * gb,
    labels: { project: 'shop', team: 'red', tags: 'demo, gpu' },
  }),
  // Another project: 30 minutes on one SVM, 0.025.
  span('2026-11-02T12:00Z', '2026-11-02T12:30Z', {
    environment: 1002,
    name: 'bob',
    owner: 'token:bob',
    labels: { project: 'crm', tags: 'gpu' },
  }),
  // A template that is stored, of nobody's project: 100 GB for 24 hours, 2,400 GB-hours, 0.48.
  span('2026-11-02T23:00Z', '2026-11-03T23:00Z', { environment: null, name: 'shop@7', owner: 'token:ci', svms: 0, storageBytes: 100 * gb }),
]
const range = { from: '2026-11-01', to: '2026-11-04' }

describe('a report', () => {
  it('by environment has what else is known of each, the dearest first', async () => {
    expect(await table(november, { ...range, decimals: 2 })).toEqual({
      columns: 'environment name owner project template label:team label:tags svmHours gbHours cost',
      rows: [
        ' shop@7 token:ci  shop   0.0000 2400.0000 0.48',
        '1001 alice token:alice shop shop red demo, gpu 4.0000 100.0000 0.24',
        '1002 bob token:bob crm shop  gpu 0.5000 0.0000 0.03',
      ],
      // 0.48 + 0.24 + 0.025 = 0.745, half up.
      total: '4.5000 2500.0000 0.75',
    })
  })

  it('by project and day has prices of the day, and leaves out what used nothing', async () => {
    expect(await table(november, { ...range, by: ['project'], bucket: 'day' })).toEqual({
      columns: 'period project svmHours gbHours cost',
      rows: [
        '2026-11-02 shop 2.0000 0.0000 0.100000',
        '2026-11-02 crm 0.5000 0.0000 0.025000',
        '2026-11-03  0.0000 2400.0000 0.480000',
        '2026-11-03 shop 2.0000 100.0000 0.140000',
      ],
      total: '4.5000 2500.0000 0.745000',
    })
  })

  it('by a label with several values counts an equal share for each: nothing twice', async () => {
    expect(await table(november, { ...range, by: ['tags'] })).toEqual({
      columns: 'label:tags svmHours gbHours cost',
      rows: [' 0.0000 2400.0000 0.480000', 'gpu 2.5000 50.0000 0.145000', 'demo 2.0000 50.0000 0.120000'],
      total: '4.5000 2500.0000 0.745000',
    })
    expect((await table(november, { ...range, by: ['project'], where: { tags: 'gpu' } })).rows).toEqual([
      'shop 4.0000 100.0000 0.240000',
      'crm 0.5000 0.0000 0.025000',
    ])
  })

  it('cuts what goes on at the end of the range, and at the minute that is over', async () => {
    const open = [span('2026-12-24T11:00Z', null)]
    expect((await table(open, { from: '2026-12-24', by: ['owner'] })).rows).toEqual(['token:alice 1.0000 0.0000 0.050000'])
    expect((await table(open, { from: '2026-12-24T11:30:00Z', to: '2026-12-24T11:45:00Z', by: ['owner'] })).rows).toEqual([
      'token:alice 0.2500 0.0000 0.012500',
    ])
  })

  it('of a day that is kept as a mean has what was used on that day, also by the hour', async () => {
    // 1 MiB in one minute of a day, and none in the others.
    const day = [span('2026-11-05T23:00Z', '2026-11-06T23:00Z', { svms: 0, storageBytes: gb / 1024 / 1440 })]
    const total = async (request: ReportRequest) =>
      (await report(day, { from: '2026-11-05', to: '2026-11-07', by: ['owner'], ...request })).total
    expect((await total({})).gbHours).toBe((1 / 1024 / 60).toFixed(4))
    expect(await total({ bucket: 'hour' })).toEqual(await total({}))
  })

  it('adds up to the same whatever it is made by', async () => {
    const start = Date.parse('2026-10-20T00:00Z') / 60_000
    const labels = fc.record(
      {
        project: fc.constantFrom('shop', 'crm'),
        team: fc.constantFrom('', 'a', 'b'),
        tags: fc.constantFrom('', 'x', 'x,y', 'x,y,z', ',,x, x'),
      },
      { requiredKeys: [] },
    )
    const spans = fc.array(
      fc
        .record({
          id: fc.integer({ min: 1001, max: 1005 }),
          begin: fc.nat(40_000),
          minutes: fc.nat(20_000),
          svms: fc.nat(9),
          mib: fc.nat(5_000_000),
          labels,
        })
        .map(({ id, begin, minutes, mib, ...more }) => {
          const from = (start + begin) * 60_000
          return span('', null, { ...more, environment: id, from, to: from + minutes * 60_000, storageBytes: mib * 2 ** 20 })
        }),
      { maxLength: 12 },
    )
    const by = fc.subarray(dimensions.ids, { minLength: 1 })
    const bucket = fc.constantFrom('day', 'week', 'month', undefined)
    const timeZone = fc.constantFrom('Europe/Berlin', 'UTC', 'Asia/Kathmandu')
    await fc.assert(
      fc.asyncProperty(spans, by, bucket, timeZone, fc.nat(6), async (all, ids, each, zone, decimals) => {
        const about = { from: '2026-10-20T10:00:00Z', to: '2026-11-20T00:00:00Z', decimals }
        const one = await report(all, { ...about, by: ids, timeZone: zone, ...(each === undefined ? {} : { bucket: each }) })
        for (const [index, id] of (['svmHours', 'gbHours', 'cost'] as const).entries()) {
          const units = (text: string | null | undefined) => BigInt(String(text).replace('.', ''))
          const sum = one.rows.reduce((before, row) => before + units(row.at(index - 3)), 0n)
          expect(sum).toBe(units(one.total[id]))
        }
        expect(one.total).toEqual((await report(all, { ...about, by: ['owner'] })).total)
        const minutes = all.reduce((before, { from, to, svms }) => {
          const cut = Math.min(to ?? 0, Date.parse(about.to)) - Math.max(from, Date.parse(about.from))
          return before + BigInt((Math.max(0, cut) / 60_000) * svms)
        }, 0n)
        expect(one.total.svmHours.replace('.', '')).toBe(String(roundAmount(minutes, 60n, 4)).padStart(5, '0'))
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['an unknown time zone', { timeZone: 'Europe/Berln' }, "'Europe/Berln' is not a time zone"],
    ['an end before its beginning', { from: '2026-11-03', to: '2026-11-01' }, /^The range ends before it begins: from 2026-11-02T23:00Z/],
    ['a range in the future', { from: '2027-01-01', to: '2027-02-01' }, /^The range begins in the future/],
    ['a date that is none', { from: '2026-11-31' }, 'from: 2026-11-31 is not a date'],
    ['an instant without an offset', { from: '2026-11-03T10:00' }, /is neither a day nor an instant/],
    ['what nothing is told apart by', { by: ['colour'] }, "There is no report by 'colour'"],
    ['a name that every object has', { by: ['constructor'] }, "There is no report by 'constructor'"],
  ] as const)('refuses %s', (_, request, message) => {
    expect(() => planReport({ ...request, by: [...('by' in request ? request.by : ['owner'])] }, dimensions, 'Europe/Berlin', now)).toThrow(
      expect.objectContaining({ code: 'invalid', message: typeof message === 'string' ? message : expect.stringMatching(message) }),
    )
  })

  it('refuses what would have too many rows', async () => {
    const many = Array.from({ length: 300 }, (_, index) => span('2026-11-01T00:00Z', '2026-12-01T00:00Z', { environment: 1001 + index }))
    await expect(report(many, { ...range, to: '2026-12-01', bucket: 'hour' })).rejects.toMatchObject({
      code: 'too_large',
      message: 'The report has more than 200000 rows',
    })
  })
})

describe('a report as text', () => {
  it('is CSV after RFC 4180, in which no cell is a formula', async () => {
    const labels = { project: '=HYPERLINK("http://evil.example";"x")', team: 'a,"b"\r\n@SUM(1)' }
    const made = await report([span('2026-11-02T12:00Z', '2026-11-02T13:00Z', { labels })], { ...range, by: ['project', 'team'] })
    expect([...reportCsv(made)].join('')).toBe(
      '"project","label:team","svmHours","gbHours","cost"\r\n' +
        '"\'=HYPERLINK(""http://evil.example"";""x"")","a,""b""\r\n\'@SUM(1)",1.0000,0.0000,0.050000\r\n',
    )
  })

  it.each(['=1', '+1', '-1', '@x', '\t=1', '\rx', '\n=1', '  =1', '＝1', "-2+3+cmd|' /C calc'!A0"])('defuses %j', (cell) => {
    expect(defuse(cell)).toMatch(/^'/)
  })
  it.each([
    ['x;=1', "x;'=1"],
    ['x-y=z', 'x-y=z'],
    ['a@b.example', 'a@b.example'],
    ['', ''],
  ])('makes of %j %j', (cell, text) => expect(defuse(cell)).toBe(text))

  it('is read again as it was written, whatever is in its labels', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '=', '+', '-', '@', '\t', '\r', '\n', ' ', 'ü', '＝', "'") })
    await fc.assert(
      fc.asyncProperty(text, text, async (project, team) => {
        const made = await report([span('2026-11-02T12:00Z', '2026-11-02T13:00Z', { labels: { project, team } })], {
          ...range,
          by: ['project', 'team'],
        })
        const [, row] = parse([...reportCsv(made)].join(''), { relax_column_count: false, record_delimiter: '\r\n' }) as string[][]
        expect(row?.slice(0, 2)).toEqual([defuse(project), defuse(team)])
        for (const cell of row ?? []) expect(cell).not.toMatch(/^\s*[=+\-@]/)
        const read = JSON.parse([...reportJson(made)].join('')) as { rows: Record<string, unknown>[] }
        expect(read.rows[0]).toEqual({ project: project || null, 'label:team': team || null, svmHours: 1, gbHours: 0, cost: 0.05 })
      }),
      { numRuns: 60 },
    )
  })
})
