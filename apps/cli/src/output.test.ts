import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type Format, Output } from './output.ts'
import type { Column } from './table.ts'

function capture(format: Format, isTTY = false) {
  const stream = Object.assign(new PassThrough(), { isTTY })
  return { output: new Output(stream, format, {}), read: () => String(stream.read() ?? '') }
}

const rows = [
  { name: 'alice', id: 1001 },
  { name: 'bo', id: 12 },
]
const columns: Column<{ name: string; id: number }>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'CONFIGID', value: ({ id }) => String(id), align: 'right' },
]

describe('Output', () => {
  it('aligns a table, numbers to the right, without spaces at the ends of lines', async () => {
    const { output, read } = capture('table')
    await output.list(rows, columns)
    expect(read()).toBe('NAME   CONFIGID\nalice      1001\nbo           12\n')
  })

  it('prints a list as one JSON array, also an empty one', async () => {
    const { output, read } = capture('json')
    await output.list(rows, columns)
    expect(read()).toBe(`${JSON.stringify(rows)}\n`)
    await output.list([], columns)
    expect(read()).toBe('[]\n')
  })

  it('prints JSON for a person over several lines', async () => {
    const { output, read } = capture('json', true)
    await output.one({ a: 1 }, () => '')
    expect(read()).toBe('{\n  "a": 1\n}\n')
  })

  it('prints streams as JSON Lines, also on a terminal', async () => {
    const { output, read } = capture('json', true)
    for (const row of rows) await output.element(row, () => '')
    expect(
      read()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows)
  })

  it('prints YAML', async () => {
    const { output, read } = capture('yaml')
    await output.list(rows, columns)
    expect(read()).toBe('- name: alice\n  id: 1001\n- name: bo\n  id: 12\n')
    await output.element(rows[0], () => '')
    expect(read()).toBe('---\nname: alice\nid: 1001\n')
  })

  it('paints on terminals only, and not with NO_COLOR', () => {
    expect(new Output(Object.assign(new PassThrough(), { isTTY: true }), 'table', {}).paint.state('running')).toContain('\u001b[32m')
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect(new Output(Object.assign(new PassThrough(), { isTTY: true }), 'table', env).paint.state('running')).toBe('running')
    }
    expect(capture('table').output.paint.state('failed')).toBe('failed')
  })
})
