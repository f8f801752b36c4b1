import type { Report } from './report.ts'

/**
 * RFC 4180: cells in quotes, lines that end with CRLF, a header. Numbers stand without quotes. Texts in which a spreadsheet
 * would see a formula are defused.
 */
export function* reportCsv({ columns, rows }: Report): Generator<string> {
  yield `${columns.map(({ id }) => quote(id)).join(',')}\r\n`
  for (const row of rows) {
    yield `${row.map((cell, index) => (cell === null ? '' : columns[index]?.isNumber ? cell : quote(defuse(cell)))).join(',')}\r\n`
  }
}

/**
 * The cell begins with an apostrophe where it would begin with `=`, `+`, `-`, `@` or their full-width forms, a tab or a line
 * break (OWASP, CSV Injection); so does what a spreadsheet with another separator would take for the next cell.
 */
export function defuse(cell: string): string {
  return cell
    .replace(/^(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/, "'")
    .replace(/([;\t\r\n]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1'")
}

function quote(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`
}

/** An object a row, by the ids of the columns. Numbers are numbers. */
export function* reportJson({ columns, rows, ...about }: Report): Generator<string> {
  const { total, ...range } = about
  const sum = Object.fromEntries(Object.entries(total).map(([id, text]) => [id, Number(text)]))
  yield `${JSON.stringify({ ...range, columns: columns.map(({ id }) => id), total: sum }).slice(0, -1)},"rows":[`
  for (const [index, row] of rows.entries()) {
    const pairs = columns.map(({ id, isNumber }, at) => {
      const cell = row[at] ?? null
      return `${JSON.stringify(id)}:${cell !== null && isNumber ? cell : JSON.stringify(cell)}`
    })
    yield `${index === 0 ? '' : ','}{${pairs.join(',')}}`
  }
  yield ']}'
}
