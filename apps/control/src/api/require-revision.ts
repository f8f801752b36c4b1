import { StandinError } from '@standin/client'

/**
 * RFC 9110, section 13.1.1. The entity tag is the revision; `*` is any.
 * @param what `environment shop-1 (1001)`
 * @throws StandinError `invalid`, `changed_meanwhile`
 */
export function requireRevision(what: string, revision: number, condition: string | undefined): void {
  if (condition === undefined || condition.trim() === '*') return
  const tags = condition.split(',').map((tag) => /^"([0-9]{1,15})"$/.exec(tag.trim())?.[1])
  if (tags.includes(undefined)) {
    throw new StandinError('invalid', `If-Match: ${condition.slice(0, 80)} is no revision`, {
      hint: 'Send the revision that was read, in quotes: `If-Match: "42"`',
    })
  }
  if (tags.includes(String(revision))) return
  throw new StandinError('changed_meanwhile', `${what} was changed meanwhile: its revision is ${revision}, not ${tags.join(' or ')}`, {
    hint: 'Read it anew, and decide again',
  })
}
