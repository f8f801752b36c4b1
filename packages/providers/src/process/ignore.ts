/**
 * Whether a path of a folder is left out by patterns as .dockerignore has them: relative to the folder, `*` within a name
 * (also one that begins with a dot), `**` across names; what is below a match is left out too, `!` takes back, and the last
 * pattern that matches decides.
 */
export function isIgnored(path: string, patterns: readonly string[]): boolean {
  if (path === '') return false
  const parts = path.split('/')
  const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  let ignored = false
  for (const { negated, expression } of patterns.map(parse)) if (prefixes.some((prefix) => expression.test(prefix))) ignored = !negated
  return ignored
}

/** Whether something below a folder that is left out may be taken back, so that it has to be entered. */
export function mayHoldTaken(path: string, patterns: readonly string[]): boolean {
  return patterns.map(parse).some(({ negated, glob }) => negated && (/[*?[]/.test(glob) || glob.startsWith(`${path}/`)))
}

function parse(pattern: string): { negated: boolean; glob: string; expression: RegExp } {
  const negated = pattern.startsWith('!')
  const glob = pattern
    .slice(negated ? 1 : 0)
    .trim()
    .replace(/^(\.?\/)+/, '')
    .replace(/\/+$/, '')
  const source = glob.replace(/\*\*\/|\*\*|\*|\?|\[\^?[^\]]*\]|[.+^${}()|[\]\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    return part.length > 1 ? part : `\\${part}`
  })
  return { negated, glob, expression: new RegExp(`^${source}$`) }
}
