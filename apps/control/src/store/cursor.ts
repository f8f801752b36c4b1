import { StandinError } from '@standin/client'

/** A `nextCursor` that was given out: the last id of its page. @throws StandinError `invalid` */
export function parseCursor(cursor: string): number {
  if (!/^[0-9]{1,15}$/.test(cursor)) {
    throw new StandinError('invalid', `cursor ${cursor.slice(0, 40)} was not given out by this list`, {
      hint: 'Send the nextCursor of the page before, unchanged',
      errors: [{ path: '/querystring/cursor', message: 'is not a cursor of this list' }],
    })
  }
  return Number(cursor)
}
