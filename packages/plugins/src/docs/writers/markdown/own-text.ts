import { StandinError } from '@standin/client'

/** How every file of ours begins. */
export const made = '<!-- Made by Standin. What you write below stays only between the two marks. -->'
const begin = '<!-- yours: begin -->'
const end = '<!-- yours: end -->'

/** A whole file: what was rendered, of which no line begins like a mark, and what people wrote. */
export function withOwnText(title: string, rendered: string, own: string): string {
  return `${made}\n# ${title}\n\n${rendered}\n\n${begin}\n${own}${end}\n`
}

/**
 * What people wrote in a file of ours, as it stands there.
 * @throws StandinError `state_conflict` where it can't be told what is theirs: nothing is written over it then
 */
export function ownTextOf(content: string, file: string): string {
  if (!content.startsWith(made)) {
    throw new StandinError('state_conflict', `${file} is in the way: it was not made by Standin`, {
      hint: 'Move it elsewhere, or give the pages another folder.',
    })
  }
  const text = content.replaceAll('\r\n', '\n')
  const from = text.indexOf(`\n${begin}\n`)
  const own = from < 0 ? '' : text.slice(from + begin.length + 2)
  const ends = own.split(end)
  if (own.includes(begin) || ends.length !== 2) {
    throw new StandinError('state_conflict', `${file} has lost its marks: what in it is yours can not be told`, {
      hint: `Put the lines '${begin}' and '${end}' back around your text, or delete the file.`,
    })
  }
  return ends[0] as string
}
