import { stripVTControlCharacters } from 'node:util'
import type { SectionList } from '@standin/client'
import type { Paint } from './paint.ts'
import { formatPairs } from './table.ts'

/** What a plugin has to say of an environment: its title, and a line for each row below it. */
export function formatSection({ title, rows }: SectionList['items'][number], paint: Paint): string {
  const pairs = rows.map(({ name, value, url }): [string, string] => {
    // A server of another version may not have taken them out.
    const [label, text] = [stripVTControlCharacters(name), stripVTControlCharacters(value)]
    return [label, url === undefined ? text : `${text}\n${paint.dim(stripVTControlCharacters(url))}`]
  })
  // The same name again is the same thing, further.
  const told = pairs.map(([name, value], index): [string, string] => [pairs[index - 1]?.[0] === name ? '' : name, value])
  return [paint.bold(stripVTControlCharacters(title)), formatPairs(told, paint.dim)].join('\n')
}
