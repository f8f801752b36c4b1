/** Steers a terminal, ends a line, or turns the direction of what comes after it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unfit = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g

/** A line of text as it may be shown anywhere: at most so many characters, nothing but characters. */
export function plainText(text: string, most: number): string {
  const line = text
    .slice(0, 2 * most + 2)
    .replace(unfit, ' ')
    .trim()
  const cut = line.length > most || text.length > 2 * most + 2 ? `${line.slice(0, most - 1)}…` : line
  return cut.toWellFormed()
}
