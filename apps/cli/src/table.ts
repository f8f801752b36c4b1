import { stripVTControlCharacters } from 'node:util'

export interface Column<T> {
  readonly title: string
  readonly value: (row: T) => string
  /** Numbers stand right. */
  readonly align?: 'left' | 'right'
}

/** Columns as wide as their widest cell, two spaces between them, no line after the last row. */
export function formatTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  header: (text: string) => string = (text) => text,
): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => width(line[index] ?? ''))))
  const format = (line: readonly string[]) =>
    line
      .map((cell, index) => {
        const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(cell)))
        return columns[index]?.align === 'right' ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return [header(format(columns.map((column) => column.title))), ...cells.map(format)].join('\n')
}

/** Pairs as an aligned block: `state   running`. */
export function formatPairs(pairs: readonly (readonly [string, string])[], label: (text: string) => string = (text) => text): string {
  const longest = Math.max(...pairs.map(([name]) => name.length))
  return pairs
    .map(([name, value]) => `${label(name.padEnd(longest))}  ${value.replaceAll('\n', `\n${' '.repeat(longest + 2)}`)}`)
    .join('\n')
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
}
