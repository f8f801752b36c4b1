/** Part of a filter. `at`: where it begins, from 0. */
export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'mark' | 'end' | 'unknown'
  readonly text: string
  readonly at: number
}

// Each alternative begins with another character, and none can match in two ways: the time is linear.
const pattern = /\s*(?:([A-Za-z$][A-Za-z0-9$_:.-]*)|("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)|([()[\]])|(\.[A-Za-z$][A-Za-z0-9$_-]*))/suy
const kinds = ['word', 'text', 'number', 'mark', 'word'] as const

/** The parts of a filter or path; the last one is `end`, or what is no part of any. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  for (let end = 0; ; end = pattern.lastIndex) {
    const match = pattern.exec(text)
    if (match === null) {
      const rest = text.slice(end)
      const at = end + rest.length - rest.trimStart().length
      return [...tokens, { kind: rest.trim() === '' ? 'end' : 'unknown', text: rest.trim(), at }]
    }
    const group = match.slice(1).findIndex((each) => each !== undefined)
    const found = match[group + 1] ?? ''
    tokens.push({ kind: kinds[group] ?? 'unknown', text: found, at: pattern.lastIndex - found.length })
  }
}
