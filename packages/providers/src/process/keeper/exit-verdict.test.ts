import { describe, expect, it } from 'vitest'
import { describeExit, exitVerdict } from './exit-verdict.ts'

const exit = (code: number | null) => ({ code, signal: code === null ? 'SIGSEGV' : null })

describe('exitVerdict', () => {
  it.each([
    // exit code, policy, retries, job, restarts so far, verdict
    [0, 'no', null, false, 0, 'failed'],
    [0, 'no', null, 'may be', 0, 'completed'],
    [0, 'always', null, 'may be', 0, 'restart'],
    [0, 'always', null, true, 0, 'completed'],
    [0, 'on-failure', null, false, 0, 'failed'],
    [1, 'no', null, true, 0, 'failed'],
    [1, 'on-failure', null, true, 99, 'restart'],
    [1, 'on-failure', 2, false, 1, 'restart'],
    [1, 'on-failure', 2, false, 2, 'failed'],
    [null, 'unless-stopped', null, false, 5, 'restart'],
    [null, 'on-failure', null, false, 0, 'restart'],
  ] as const)('exit %s with %s:%s, job %s, after %s restarts: %s', (code, policy, maxRetries, job, attempts, verdict) => {
    expect(exitVerdict(exit(code), { policy, maxRetries }, job, attempts)).toBe(verdict)
  })

  it('is told in words', () => {
    expect(describeExit(exit(3), 2000)).toBe('exited with code 3 after 2 s')
    expect(describeExit(exit(null), 40)).toBe('was ended by SIGSEGV after 40 ms')
  })
})
