import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from './database.ts'
import { PluginCursors } from './plugin-cursors.ts'
import { PluginRuns } from './plugin-runs.ts'
import { PluginValues } from './plugin-values.ts'

let db: Database
let values: PluginValues
beforeEach(async () => {
  db = await openDatabase(':memory:')
  values = new PluginValues(db, { valueBytes: 100, totalBytes: 250, changes: 5 })
})
afterEach(() => db.close())

describe('PluginValues', () => {
  it('keeps what each plugin has apart', () => {
    values.write('a', [{ key: 'x', value: { n: 1 } }])
    expect([values.get('a', 'x'), values.get('b', 'x')]).toEqual([{ n: 1 }, undefined])
  })

  it('changes all or nothing, by what is expected', () => {
    values.write('a', [{ key: 'x', value: { n: 1, m: [2] } }])
    expect(values.write('a', [{ key: 'x', value: 2, expected: { m: [2], n: 1 } }])).toBe(true)
    expect(
      values.write('a', [
        { key: 'y', value: 1 },
        { key: 'x', value: 3, expected: 1 },
      ]),
    ).toBe(false)
    expect(values.write('a', [{ key: 'x', value: 3, expected: undefined }])).toBe(false)
    expect(
      values.write('a', [
        { key: 'y', value: 1, expected: undefined },
        { key: 'x', value: undefined },
      ]),
    ).toBe(true)
    expect(values.list('a', {})).toEqual([{ key: 'y', value: 1 }])
  })

  it('lists by prefix, in the order of keys, a page at a time', () => {
    for (const key of ['env/2', 'env/10', 'env/1', 'envy', 'a']) values.write('a', [{ key, value: 0 }])
    expect(values.list('a', { prefix: 'env/' }).map(({ key }) => key)).toEqual(['env/1', 'env/10', 'env/2'])
    expect(values.list('a', { prefix: 'env/', after: 'env/1', limit: 1 }).map(({ key }) => key)).toEqual(['env/10'])
  })

  it('bounds values, all of them together, and changes', () => {
    const big = 'x'.repeat(90)
    expect(() => values.write('a', [{ key: 'x', value: `${big}${big}` }])).toThrow(expect.objectContaining({ code: 'too_large' }))
    values.write('a', [
      { key: '1', value: big },
      { key: '2', value: big },
    ])
    expect(() => values.write('a', [{ key: '3', value: big }])).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(values.sizeOf('a')).toEqual({ keys: 2, bytes: 186 })
    values.write('a', [{ key: '1', value: 1 }])
    expect(values.sizeOf('a')).toEqual({ keys: 2, bytes: 95 })
    expect(new PluginValues(db).sizeOf('a')).toEqual({ keys: 2, bytes: 95 })
    values.write('b', [{ key: '3', value: big }])
    expect(() =>
      values.write(
        'a',
        Array.from({ length: 6 }, (_, key) => ({ key: `${key}`, value: 0 })),
      ),
    ).toThrow('6 changes')
  })

  it.each([[Number.NaN], [new Date(0)], [() => 1], [{ a: { b: 1n as never } }]])('refuses what is no JSON: %s', (value) => {
    expect(() => values.write('a', [{ key: 'x', value: [value] as never }])).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  it.each(['', 'é', 'a\n', 'x'.repeat(257)])('refuses the key %o', (key) => {
    expect(() => values.write('a', [{ key, value: 0 }])).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})

describe('PluginRuns', () => {
  const line = { plugin: 'a', schedule: 'nightly', cron: '0 20 * * *', timeZone: 'UTC' }

  it('keeps the due time until the line changes', () => {
    const runs = new PluginRuns(db, () => 5)
    expect(runs.dueAt(line, () => 100)).toBe(100)
    expect(runs.dueAt(line, () => 200)).toBe(100)
    expect(runs.dueAt({ ...line, timeZone: 'Europe/Berlin' }, () => 300)).toBe(300)
  })

  it('takes a due time once, and ends a run once', () => {
    let now = 5
    const runs = new PluginRuns(db, () => now)
    runs.dueAt(line, () => 100)
    const id = runs.begin(line, 100, 200)
    expect([runs.dueAt(line, () => 0), runs.unfinished('a').map((run) => run.id)]).toEqual([200, [id]])
    expect(runs.again(id)).toBe(2)
    now = 12
    runs.finish(id, 'failed', 'so far', 'boom')
    runs.finish(id, 'succeeded', '', null)
    expect(runs.last('a', 'nightly')).toMatchObject({ id, state: 'failed', attempt: 2, durationMs: 7, output: 'so far', error: 'boom' })
    expect(runs.unfinished('a')).toEqual([])
  })

  it('keeps the last runs of each schedule', () => {
    const runs = new PluginRuns(db, () => 5)
    for (let n = 0; n < 505; n++) runs.finish(runs.begin(line, n, null), 'succeeded', '', null)
    runs.begin({ plugin: 'a', schedule: 'other' }, 0, null)
    const first = runs.list('a', { schedule: 'nightly', limit: 300 })
    const second = runs.list('a', { schedule: 'nightly', limit: 300, cursor: first.nextCursor ?? '' })
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([300, 200, null])
  })
})

describe('PluginCursors', () => {
  it('knows how far each plugin is', () => {
    const cursors = new PluginCursors(db)
    cursors.set('a', 7)
    cursors.set('a', 9)
    expect([cursors.get('a'), cursors.get('b')]).toEqual([9, undefined])
  })
})
