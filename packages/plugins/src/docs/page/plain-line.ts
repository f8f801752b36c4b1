/** Steers a terminal, ends a line, or turns the direction of what comes after it. */
const unfit = /[\s\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu

/** Text of people as one line of nothing but characters. */
export function plainLine(text: string): string {
  return text.toWellFormed().replace(unfit, ' ')
}
