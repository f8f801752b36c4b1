import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Fixture, StandinError } from '@standin/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRows, jsonLines, refuseBadRows } from './fixture-rows.ts'

type Column = Fixture['columns'][number]
const column = (name: string, rules: Partial<Column> = {}): Column => ({ name, required: false, unique: false, pattern: null, ...rules })
const fixture = (...columns: Column[]): Fixture => ({
  name: 'users',
  csv: 'users.csv',
  command: null,
  host: null,
  columns,
  loader: { name: 'load', host: 'db', run: 'load', environment: {}, needs: [], timeoutMs: 1000 },
})
const check = async (csv: string, ...columns: Column[]) => {
  const { rows, faults } = await checkRows(fixture(...columns), Readable.from([csv]), 'users.csv')
  return { rows, faults: faults.map(({ line, column: at, message }) => `${line}:${at} ${message}`) }
}

describe('checkRows', () => {
  it('counts rows that are fine', async () => {
    const csv = '\uFEFFid,name\r\n1,"a, ""b"""\r\n\r\n2,\r\n'
    expect(await check(csv, column('id', { required: true, unique: true, pattern: '[0-9]+' }), column('name'))).toEqual({
      rows: 2,
      faults: [],
    })
  })

  it('reports every bad row at its place', async () => {
    const csv = 'id,name,plan\n1,ann,free\nx,,gold\n1,"multi\nline",free\n4,dan\n\n5,"eve",team,more\n6,"f\ng",gold\n'
    const rules = [
      column('id', { unique: true, pattern: '[0-9]+' }),
      column('name', { required: true }),
      column('plan', { pattern: 'free|team' }),
    ]
    expect(await check(csv, ...rules)).toEqual({
      rows: 6,
      faults: [
        '3:1 column "id": "x" does not match [0-9]+',
        '3:3 column "name": the value is missing',
        '3:4 column "plan": "gold" does not match free|team',
        '4:1 column "id": "1" is in line 2 already',
        '6:1 there are 2 fields in this row and 3 columns in the header',
        '8:1 there are 4 fields in this row and 3 columns in the header',
        '10:4 column "plan": "gold" does not match free|team',
      ],
    })
  })

  it.each([
    ['', [column('id')], ['1:1 it is empty; the first line names the columns']],
    ['a,b\n1,2', [column('id')], ['1:1 there is no column "id"; there are a, b']],
    ['a,a\n1,2', [], ['1:3 the column "a" is there twice']],
    [
      'a,b\n1,x"y\n3,4\n5,"z',
      [],
      [
        '2:1 this is no CSV: there is a quote within a field; quote the whole field, and double the quotes in it',
        '4:1 this is no CSV: a quote is never closed',
      ],
    ],
    ['a\nxay', [column('a', { pattern: 'a' })], ['2:1 column "a": "xay" does not match a']],
    ['a\nb', [column('a', { pattern: 'a|b' })], []],
  ])('%j', async (csv, columns, faults) => expect((await check(csv, ...columns)).faults).toEqual(faults))

  it('says how many there are where there are very many', async () => {
    const csv = `id\n${'x\n'.repeat(1000)}`
    const report = await checkRows(fixture(column('id', { pattern: '[0-9]' })), Readable.from([csv]), 'users.csv')
    expect(report).toMatchObject({ rows: 1000, faultCount: 1000 })
    expect(report.faults).toHaveLength(200)
    const refuse = () => refuseBadRows([{ fixture: fixture(), report }])
    expect(refuse).toThrow(StandinError)
    expect(refuse).toThrow(/the fixture "users" has 1000 faults:\nusers.csv:2:1 .*\n(.*\n){4}and 995 more$/)
  })
})

describe('jsonLines', () => {
  it('gives a loader exactly what the file holds', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', ' ', '1', '\\', '😀'), maxLength: 6 })
    const quote = (value: string) => `"${value.replaceAll('"', '""')}"`
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), async (rows) => {
        const csv = ['one,__proto__', ...rows.map((row) => row.map(quote).join(','))].join('\n')
        const lines = (await text(jsonLines(Readable.from([csv])))).split('\n').filter(Boolean)
        expect(lines.map((line) => Object.entries(JSON.parse(line) as object))).toEqual(
          rows.map(([one, two]) => [
            ['one', one],
            ['__proto__', two],
          ]),
        )
      }),
      { numRuns: 50 },
    )
  })
})
