/** Where a line stands. */
export interface Place {
  readonly file: string
  /** From 1; 0: the file as a whole. */
  readonly line: number
}

/** One line of a configuration file. */
export interface Directive {
  readonly option: string
  /** What follows `=`; undefined where there is none. What was quoted is still marked: `fieldsOf` and `unmarked` give plain text. */
  readonly value: string | undefined
  readonly place: Place
}

/** Something that is wrong with the configuration, or is left aside. */
export interface Notice {
  readonly place: Place
  /** Names the option. */
  readonly message: string
}

/** `message` is what is wrong with a value; who reads the line adds the option and where it stands. */
export class ValueError extends Error {}

/** In quotes these mean nothing: while a line is taken apart they are code points of the private use area. */
const special = ',:.#'
const markOffset = 0xe000
const escapes: Readonly<Record<string, string>> = { t: '\t', e: '\x1b', b: '\b', r: '\r', n: '\n', '\\': '\\', '"': '"' }

/**
 * Option and value of a line, quotes and comments taken away; undefined: it says nothing. A comment begins with a `#` at the
 * start of the line or after a blank, so `address=/d/#` has none.
 * @throws ValueError a quote isn't closed, there is no option
 */
export function readLine(line: string, place: Place): Directive | undefined {
  const text = withoutQuotes(line).trim()
  if (text === '') return undefined
  const equals = text.indexOf('=')
  if (equals === 0) throw new ValueError('an option has to stand before the =')
  if (equals < 0) return { option: unmarked(text), value: undefined, place }
  return { option: unmarked(text.slice(0, equals).trim()), value: text.slice(equals + 1).trim(), place }
}

/** The parts of a value between commas, without the blanks around them. */
export function fieldsOf(value: string): string[] {
  return value.split(',').map((field) => unmarked(field.trim()))
}

/** As it was written in the quotes. */
export function unmarked(text: string): string {
  return text.replace(/[\ue000-\ue0ff]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - markOffset))
}

function withoutQuotes(line: string): string {
  let text = ''
  let isQuoted = false
  let afterBlank = true
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) {
      const escaped = character === '\\' ? escapes[line[at + 1] ?? ''] : undefined
      if (escaped !== undefined) at++
      text += marked(escaped ?? character)
    } else if (character === '#' && afterBlank) break
    else text += character
    afterBlank = !isQuoted && /\s/.test(character)
  }
  if (isQuoted) throw new ValueError('a quote is not closed')
  return text
}

function marked(character: string): string {
  return special.includes(character) ? String.fromCharCode(markOffset + character.charCodeAt(0)) : character
}
