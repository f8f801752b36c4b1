import { StandinError } from '@standin/client'

/** What can be taken for another name: invisible, or nothing but a gap. */
const unseen = /[\p{C}\p{Z}]/u
/** Letters that look alike come from these. */
const latin = /\p{Script=Latin}/u
const lookalike = /[\p{Script=Greek}\p{Script=Cyrillic}]/u

/**
 * A userName as it is kept: in NFC, otherwise as it was given.
 * @throws StandinError `invalid` for spaces, for what can't be seen, for a mixture of scripts that look alike (UTS #39, section 5.2), for
 * what would be an id
 */
export function parseUserName(text: string): string {
  const name = text.normalize('NFC')
  const refuse = (message: string): never => {
    throw new StandinError('invalid', `the userName ${JSON.stringify(text.slice(0, 80))} ${message}`, {
      errors: [{ path: '/body/userName', message }],
    })
  }
  if (unseen.test(name)) refuse('has spaces or characters that can not be seen')
  if (latin.test(name) && lookalike.test(name)) refuse('mixes Latin letters with Greek or Cyrillic ones, which look alike')
  if (isId(name)) refuse('looks like an id')
  return name
}

/** A displayName as it is kept. @throws StandinError `invalid` for control characters, for nothing but spaces, for what would be an id */
export function parseDisplayName(text: string): string {
  const name = text.normalize('NFC').trim()
  if (name === '' || /\p{C}/u.test(name) || isId(name)) {
    const message = 'is empty, looks like an id, or has characters that can not be seen'
    throw new StandinError('invalid', `the displayName ${JSON.stringify(text.slice(0, 80))} ${message}`, {
      errors: [{ path: '/body/displayName', message }],
    })
  }
  return name
}

/** What names are compared by: width and case mapped, NFC (RFC 8265, section 3.3.1; compatibility mapping covers the widths). */
export function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFC')
}

const isId = (name: string): boolean => /^(usr|grp|rol)_/i.test(name)
