/**
 * A DN in a form in which equal ones are equal texts: types and values whatever their case, spaces that don't count left out,
 * escapes undone (RFC 4514, section 2; caseIgnoreMatch of RFC 4517, section 4.2.11, which nearly all naming attributes have).
 * What is no DN comes back as it is, in lower case: it is equal to nothing but itself.
 */
export function normalDn(text: string): string {
  const rdns = split(text, ',').map((rdn) => split(rdn, '+').map(normalPair))
  if (rdns.some((pairs) => pairs.includes(null))) return text.toLowerCase()
  return rdns.map((pairs) => pairs.toSorted().join('+')).join(',')
}

/** Whether it is a DN (RFC 4514, section 3). */
export function isDn(text: string): boolean {
  const pairs = split(text, ',').flatMap((rdn) => split(rdn, '+'))
  return pairs.every((pair) => /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)\s*=/.test(pair) && !/(^|[^\\])(\\\\)*\\$/.test(pair))
}

/** Without the bit string behind it (Name and Optional UID, RFC 4517, section 3.3.21): `cn=a,dc=b#'0101'B`. */
export function withoutUid(text: string): string {
  return text.replace(/#'[01]*'B$/, '')
}

function normalPair(pair: string): string | null {
  const equals = pair.indexOf('=')
  if (equals < 1) return null
  const type = pair.slice(0, equals).trim().toLowerCase()
  const value = unescaped(trimUnescaped(pair.slice(equals + 1)))
  const folded = value.normalize('NFKC').toLowerCase().replace(/ +/g, ' ')
  return `${type}=${folded.replace(/[\\,+=]/g, '\\$&')}`
}

/** At separators that are neither escaped nor in quotes, which RFC 2253 still allowed. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') isQuoted = !isQuoted
    else if (text[at] === separator && !isQuoted) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}

/** A space in front or behind counts where it is escaped. */
function trimUnescaped(value: string): string {
  const trimmed = value.replace(/^ +/, '')
  const isEscaped = /(^|[^\\])(\\\\)*\\ +$/.test(trimmed)
  const end = trimmed.replace(/ +$/, '')
  const inner = isEscaped ? `${end} ` : end
  return inner.length > 1 && inner.startsWith('"') && inner.endsWith('"') ? inner.slice(1, -1) : inner
}

/** `\2C` is an octet of UTF-8, `\,` a character. */
function unescaped(value: string): string {
  return value.replace(/(?:\\[0-9A-Fa-f]{2})+|\\(.)/gs, (escaped, character: string | undefined) => {
    return character ?? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString('utf8')
  })
}
