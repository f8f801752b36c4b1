import { describe, expect, it } from 'vitest'
import { isUsable, nextState, type UpstreamEvent, type UpstreamState, upstreamStates } from './upstream-state.ts'

const after = (state: UpstreamState, ...events: UpstreamEvent[]) => events.reduce(nextState, state)

describe('the state of an endpoint', () => {
  it('lets one that is new have requests, and takes its first answer or check for a proof', () => {
    expect(isUsable('new')).toBe(true)
    expect(after('new', 'answered')).toBe('well')
    expect(after('new', 'checks passed')).toBe('well')
    expect(after('new', 'checks failed')).toBe('unwell')
  })

  it('brings an ejected one back by way of one request at a time', () => {
    expect(after('well', 'requests failed', 'ejection over')).toBe('returning')
    expect(after('well', 'requests failed', 'ejection over', 'answered')).toBe('well')
    expect(after('well', 'requests failed', 'ejection over', 'requests failed')).toBe('ejected')
  })

  it('does not bring back by checks what was ejected for its requests, nor by requests what fails its checks', () => {
    expect(after('ejected', 'checks passed')).toBe('ejected')
    expect(after('ejected', 'answered')).toBe('ejected')
    expect(after('unwell', 'answered')).toBe('unwell')
    expect(after('unwell', 'requests failed')).toBe('unwell')
    expect(after('unwell', 'checks passed')).toBe('well')
    expect(after('unwell', 'checks ended')).toBe('new')
  })

  it('ends with draining, from wherever', () => {
    for (const state of upstreamStates) expect(after(state, 'released')).toBe('draining')
    expect(after('draining', 'answered', 'checks passed', 'ejection over')).toBe('draining')
    expect(upstreamStates.filter(isUsable)).toEqual(['new', 'well', 'returning'])
  })
})
