import { describe, expect, it } from 'vitest'
import { type Change, inOrder } from './table.ts'

const change = (id: number, revision: number, aliased = false): Change => ({ id, revision, body: '{}', aliased })
const sent = (...changes: Change[]) => inOrder(changes).map(({ change: { id }, revision }) => [id, revision])

describe('the order of changes', () => {
  it('is that in which they were made', () => {
    expect(sent(change(1002, 7), change(1001, 5), change(1003, 9, true))).toEqual([
      [1003, 4],
      [1001, 5],
      [1002, 7],
    ])
    expect(sent(change(1002, 7), change(1001, 5))).toEqual([
      [1001, 5],
      [1002, 7],
    ])
  })

  it('never lets the revision of one be as new as one that is still to come', () => {
    const deltas = inOrder([change(1001, 5), change(1002, 9, true), change(1003, 7, true), change(1004, 3)])
    for (const [index, { revision }] of deltas.entries()) {
      for (const later of deltas.slice(index + 1)) expect(revision).toBeLessThan(later.change.revision)
    }
    expect(deltas.map(({ change: { id } }) => id)).toEqual([1003, 1002, 1004, 1001])
  })
})
