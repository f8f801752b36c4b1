import { interpolate, type Lookup } from './interpolate.ts'

interface DotenvFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface Dotenv {
  /** In the order of the file. A name without `=` has the value of `lookup`, or is not there. */
  readonly values: ReadonlyMap<string, string>
  readonly faults: readonly DotenvFault[]
}

/**
 * Read an `.env` or `env_file` (Compose specification, "env_file format"): `NAME=value`, `export` before it, `#` comments,
 * single quotes for literal text, double quotes with `\n`-like escapes, quoted values over several lines, and variables in
 * all but single-quoted values, which see the lines above them first, then `lookup`.
 */
export function parseDotenv(text: string, lookup: Lookup): Dotenv {
  const values = new Map<string, string>()
  const faults: DotenvFault[] = []
  const see: Lookup = (name) => values.get(name) ?? lookup(name)
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (/^\s*(#|$)/.test(line)) continue
    const head = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(=\s*)?/.exec(line)
    const name = head?.[1]
    if (head === null || name === undefined || (head[2] === undefined && head[0].length < line.trimEnd().length)) {
      faults.push({ line: index + 1, column: line.search(/\S/) + 1, message: 'this is not NAME=value' })
      continue
    }
    if (head[2] === undefined) {
      const inherited = see(name)
      if (inherited !== undefined) values.set(name, inherited)
      continue
    }
    const rest = line.slice(head[0].length)
    const quote = rest[0]
    if (quote === '"' || quote === "'") {
      const start = index
      let body = rest.slice(1)
      let end = closingQuote(body, quote)
      while (end === -1 && index + 1 < lines.length) {
        index++
        body += `\n${lines[index]}`
        end = closingQuote(body, quote)
      }
      if (end === -1) {
        faults.push({ line: start + 1, column: head[0].length + 1, message: `the quote ${quote} is never closed` })
        index = start
        continue
      }
      const after = body.slice(end + 1).trim()
      if (after !== '' && !after.startsWith('#')) {
        faults.push({ line: index + 1, column: 1, message: `"${after}" after the closing quote` })
      }
      const inner = body.slice(0, end)
      values.set(name, quote === "'" ? inner : fill(resolveEscapes(inner), start + 1))
    } else {
      values.set(name, fill(rest.replace(/(^|\s+)#.*$/, '').trimEnd(), index + 1))
    }
  }
  return { values, faults }

  function fill(value: string, line: number): string {
    const result = interpolate(value, see)
    for (const message of result.errors) faults.push({ line, column: 1, message })
    return result.text
  }
}

/** `format: raw`: everything behind the first `=` is the value, as it stands. */
export function parseRawDotenv(text: string): Dotenv {
  const values = new Map<string, string>()
  const faults: DotenvFault[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const at = line.indexOf('=')
    if (at < 1) faults.push({ line: index + 1, column: 1, message: 'this is not NAME=value' })
    else values.set(line.slice(0, at).trim(), line.slice(at + 1))
  }
  return { values, faults }
}

function closingQuote(text: string, quote: string): number {
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\' && quote === '"') index++
    else if (text[index] === quote) return index
  }
  return -1
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' }

/** `\$` becomes `$$`, which interpolation makes a plain dollar sign of. */
function resolveEscapes(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, char: string) => escapes[char] ?? whole)
}
