export type ShellWords = { readonly words: readonly string[] } | { readonly error: string }

/**
 * Split a string into words as Compose splits `command` and `entrypoint`: by white space, with quotes and backslashes, and
 * no shell: an operator such as `&&` outside of quotes ends the command there silently in Compose, so it is an error here.
 */
export function splitShellWords(text: string): ShellWords {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? ''
    if (quote === "'") {
      if (char === "'") quote = null
      else word = (word ?? '') + char
    } else if (char === '\\') {
      const next = text[index + 1]
      if (next === undefined) return { error: 'it ends with a backslash' }
      // Within double quotes a backslash guards only what is special there (POSIX shell, 2.2.3).
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next)
      index++
    } else if (quote === '"') {
      if (char === '"') quote = null
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else if (';&|<>`'.includes(char)) {
      return { error: `"${char}" needs a shell, and a command is not given to one; write ["sh", "-c", "…"]` }
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote !== null) return { error: `the quote ${quote} is never closed` }
  if (word !== null) words.push(word)
  return { words }
}
