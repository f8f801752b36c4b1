/** Free text, such as a label, for a cell of a table: it can neither begin a line nor steer the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}

/** The same where lines may follow each other: what a step printed. They are indented where they are shown. */
export function plainLines(text: string): string {
  return text.split('\n').map(oneLine).join('\n')
}
