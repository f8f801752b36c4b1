import { Readable } from 'node:stream'
import { type Fault, type Fixture, StandinError } from '@standin/client'
import { type CsvError, type Info, parse } from 'csv-parse'

/** More bad rows than these help nobody; the message says how many there are. */
const mostFaults = 200
/** A value that a pattern has to match is no longer than this. */
const longestMatched = 10_000

export interface FixtureReport {
  readonly rows: number
  /** The first 200, in the order of the file. */
  readonly faults: readonly Fault[]
  /** All of them. */
  readonly faultCount: number
}

interface Row {
  readonly raw: string
  readonly record: readonly string[]
  readonly info: Info
}

/**
 * Read a fixture's CSV (RFC 4180; header line, UTF-8 with or without a byte order mark) and look at every row: as many
 * fields as there are columns, and the rules of the columns.
 *
 * @param file what to call it in faults
 */
export async function checkRows(fixture: Fixture, csv: Readable, file: string): Promise<FixtureReport> {
  const checker = new RowChecker(fixture, file)
  for await (const row of csvRows(csv, (error) => checker.skipped(error))) checker.take(row)
  return checker.report()
}

/** The rows as JSON objects, one a line, all values strings: what a loader gets. */
export function jsonLines(csv: Readable): Readable {
  return Readable.from(lines(csv), { objectMode: false, highWaterMark: 64 * 1024 })
}

async function* lines(csv: Readable): AsyncGenerator<string> {
  let header: readonly string[] | undefined
  for await (const { record } of csvRows(csv, () => {})) {
    if (header === undefined) header = record
    else yield `${JSON.stringify(Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])))}\n`
  }
}

function csvRows(csv: Readable, onSkip: (error: CsvError) => void): AsyncIterable<Row> {
  const parser = parse({
    bom: true,
    raw: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // Said, since what is found out from the first line would hold for all.
    record_delimiter: ['\r\n', '\n'],
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) onSkip(error)
      return undefined
    },
  })
  csv.on('error', (error) => parser.destroy(error))
  return csv.pipe(parser) as AsyncIterable<Row>
}

/** @throws StandinError `fixture_invalid` with every bad row, if there are any */
export function refuseBadRows(reports: readonly { readonly fixture: Fixture; readonly report: FixtureReport }[]): void {
  const bad = reports.filter(({ report }) => report.faultCount > 0)
  if (bad.length === 0) return
  const errors = bad.flatMap(({ report }) => report.faults)
  const total = bad.reduce((sum, { report }) => sum + report.faultCount, 0)
  const names = bad.map(({ fixture }) => `"${fixture.name}"`).join(', ')
  const shown = errors.slice(0, 5).map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
  const more = total > shown.length ? [`and ${total - shown.length} more`] : []
  throw new StandinError('fixture_invalid', `the fixture ${names} has ${total} faults:\n${[...shown, ...more].join('\n')}`, {
    hint: 'Mend these rows, or the rules of "columns" in the blueprint',
    errors,
  })
}

class RowChecker {
  readonly #fixture: Fixture
  readonly #file: string
  readonly #rules: { readonly index: number; readonly name: string; readonly check: (value: string, line: number) => string | null }[] = []
  readonly #faults: Fault[] = []
  #header: readonly string[] | undefined
  #rows = 0
  #count = 0

  constructor(fixture: Fixture, file: string) {
    this.#fixture = fixture
    this.#file = file
  }

  skipped(error: CsvError): void {
    this.#fault(Number(error.lines ?? 1), 1, `this is no CSV: ${csvFault(error)}`)
  }

  take({ raw, record, info }: Row): void {
    const text = raw.replace(/^(?:\r?\n)+/, '').replace(/\r?\n?$/, '')
    const line = info.lines - newlines(text)
    if (this.#header === undefined) {
      this.#readHeader(record, text, line)
      return
    }
    this.#rows++
    if (record.length !== this.#header.length) {
      this.#fault(line, 1, `there are ${record.length} fields in this row and ${this.#header.length} columns in the header`)
      return
    }
    for (const { index, name, check } of this.#rules) {
      const problem = check(record[index] ?? '', line)
      if (problem !== null) {
        const place = fieldPlace(text, index)
        this.#fault(line + place.line, place.column, `column "${name}": ${problem}`)
      }
    }
  }

  report(): FixtureReport {
    if (this.#header === undefined) this.#fault(1, 1, 'it is empty; the first line names the columns')
    const faults = this.#faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)).slice(0, mostFaults)
    return { rows: this.#rows, faults, faultCount: this.#count }
  }

  #readHeader(header: readonly string[], text: string, line: number): void {
    this.#header = header
    for (const [index, name] of header.entries()) {
      if (header.indexOf(name) !== index) this.#fault(line, fieldPlace(text, index).column, `the column "${name}" is there twice`)
    }
    for (const column of this.#fixture.columns) {
      const index = header.indexOf(column.name)
      if (index === -1) this.#fault(line, 1, `there is no column "${column.name}"; there are ${header.join(', ')}`)
      else this.#rules.push({ index, name: column.name, check: columnCheck(column) })
    }
  }

  #fault(line: number, column: number, message: string): void {
    this.#count++
    if (this.#faults.length < mostFaults * 2) {
      this.#faults.push({ path: `fixtures.${this.#fixture.name}`, message, file: this.#file, line, column })
    }
  }
}

function columnCheck({ required, unique, pattern }: Fixture['columns'][number]): (value: string, line: number) => string | null {
  const seen = new Map<string, number>()
  const expression = pattern === null ? null : new RegExp(`^(?:${pattern})$`)
  return (value, line) => {
    if (value === '') return required ? 'the value is missing' : null
    if (expression !== null && (value.length > longestMatched || !expression.test(value)))
      return `"${excerpt(value)}" does not match ${pattern}`
    if (!unique) return null
    const before = seen.get(value)
    if (before !== undefined) return `"${excerpt(value)}" is in line ${before} already`
    seen.set(value, line)
    return null
  }
}

/** Where the n-th field of a record starts: lines below its first one, and the column from 1. */
function fieldPlace(text: string, index: number): { line: number; column: number } {
  let [field, line, start, quoted] = [0, 0, 0, false]
  for (let at = 0; at < text.length && field < index; at++) {
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === '\n') {
      line++
      start = at + 1
    } else if (text[at] === ',' && !quoted) {
      field++
      if (field === index) return { line, column: at + 2 - start }
    }
  }
  return { line, column: 1 }
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}

function csvFault(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is never closed'
    case 'INVALID_OPENING_QUOTE':
      return 'there is a quote within a field; quote the whole field, and double the quotes in it'
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'there is something behind a closing quote; double the quotes within a field'
    default:
      return error.message
  }
}

function excerpt(value: string): string {
  return value.length > 60 ? `${value.slice(0, 60)}…` : value
}
