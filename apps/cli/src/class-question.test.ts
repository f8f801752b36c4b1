import { describe, expect, it } from 'vitest'
import { type ClassSummary, formatPhase } from './class-question.ts'

const over: ClassSummary = {
  name: 'intro',
  template: 'shop:stable',
  version: null,
  phase: 'over',
  session: null,
  next: null,
  count: 2,
  ready: 0,
  trouble: null,
}
const next = { start: '2026-11-21T09:00:00Z', end: '2026-11-21T16:00:00Z', prepareAt: '2026-11-21T08:30:00Z' }

describe('what is to come of a class', () => {
  it('is its next session, and nothing once it is over', () => {
    expect(formatPhase({ ...over, phase: 'waiting', next })).toMatch(/^next 2026-11-21 /)
    expect(formatPhase(over)).toBe('')
  })
})
