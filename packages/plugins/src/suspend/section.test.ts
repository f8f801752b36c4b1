import { describe, expect, it } from 'vitest'
import { sectionOf } from './section.ts'

const at = Date.parse('2026-03-02T20:00:00Z')
const kept = { action: 'keep' as const, at: null, rule: 'pinned', because: 'a demo', whatWouldChangeIt: [], later: [], faults: [] }

describe('sectionOf', () => {
  it('says what happens next, by which rule, what would change it, and what comes then', () => {
    const later = [
      { action: 'label' as const, at, rule: 'deletion', because: 'it is old', whatWouldChangeIt: [] },
      { action: 'delete' as const, at: at + 3_600_000, rule: 'age', because: 'it is old', whatWouldChangeIt: [] },
    ]
    const decision = {
      ...kept,
      action: 'suspend' as const,
      at,
      rule: 'idle',
      because: 'nobody used it',
      whatWouldChangeIt: ['a request'],
      later,
    }
    expect(sectionOf(decision, null, false)).toEqual({
      title: 'Suspend',
      rows: [
        { name: 'next', value: 'suspended at 2026-03-02 20:00 UTC' },
        { name: 'by rule', value: 'idle: nobody used it' },
        { name: 'changed by', value: 'a request' },
        { name: 'then', value: 'moved to the trash at 2026-03-02 21:00 UTC: age' },
      ],
    })
    expect(sectionOf(decision, null, true).rows[0]?.value).toBe('suspended at 2026-03-02 20:00 UTC (not really: a dry run)')
  })

  it('says which deletion was announced, whatever comes before it', () => {
    expect(sectionOf(kept, at, false).rows[0]).toEqual({ name: 'announced', value: 'deletion at 2026-03-02 20:00 UTC' })
    expect(sectionOf(kept, Number.NaN, false).rows[0]).toEqual({ name: 'next', value: 'nothing' })
  })

  it('says that nothing happens, why, and which labels are not understood', () => {
    expect(sectionOf({ ...kept, faults: ['suspend.delete-at is no date'] }, null, true).rows).toEqual([
      { name: 'next', value: 'nothing' },
      { name: 'by rule', value: 'pinned: a demo' },
      { name: 'not understood', value: 'suspend.delete-at is no date' },
    ])
  })

  it('says what is done to it, not what is only written onto it before', () => {
    const said = { ...kept, action: 'label' as const, at, rule: 'age', because: 'it will be deleted' }
    const deletion = { action: 'delete' as const, at: at + 3_600_000, rule: 'age', because: 'it is old', whatWouldChangeIt: ['a pin'] }
    expect(sectionOf({ ...said, later: [deletion] }, null, false).rows).toEqual([
      { name: 'next', value: 'moved to the trash at 2026-03-02 21:00 UTC' },
      { name: 'by rule', value: 'age: it is old' },
      { name: 'changed by', value: 'a pin' },
    ])
    expect(sectionOf({ ...said, rule: 'pin' }, null, false).rows[0]).toEqual({ name: 'next', value: 'nothing' })
  })
})
