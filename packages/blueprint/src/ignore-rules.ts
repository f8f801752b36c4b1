/**
 * `.dockerignore` rules: a path (relative, `/` between parts, no leading one) is left out where the last rule that matches it
 * or a folder above it has no `!`. `*` and `?` stay within a part, `**` crosses parts, `#` starts a comment.
 */
export type IgnoreRules = (path: string) => boolean

/** The rules of a `.dockerignore`, a line each, without comments and empty lines. */
export function ignorePatterns(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

export function ignoreRules(patterns: readonly string[]): IgnoreRules {
  const rules = patterns.flatMap((pattern) => {
    const keep = pattern.startsWith('!')
    const body = (keep ? pattern.slice(1) : pattern)
      .trim()
      .replace(/^\.?\/+/, '')
      .replace(/\/+$/, '')
    return body === '' || body === '.' ? [] : [{ keep, test: patternTest(body) }]
  })
  return (path) => {
    let ignored = false
    for (const rule of rules) if (rule.keep === ignored && rule.test.test(path)) ignored = !rule.keep
    return ignored
  }
}

/** True where a rule with `!` could bring something below an ignored folder back, so the folder has to be walked. */
export function hasExceptions(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern.startsWith('!'))
}

function patternTest(pattern: string): RegExp {
  let source = ''
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index] ?? ''
    if (char === '*' && pattern[index + 1] === '*') {
      // `**/` also matches no folder at all.
      const slash = pattern[index + 2] === '/'
      source += slash ? '(?:.*/)?' : '.*'
      index += slash ? 2 : 1
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (char === '\\' && index + 1 < pattern.length) source += literally(pattern[++index] ?? '')
    else source += literally(char)
  }
  return new RegExp(`^${source}(?:/.*)?$`, 's')
}

function literally(char: string): string {
  return char.replace(/[.+^${}()|[\]\\/-]/g, '\\$&')
}
