import { describe, expect, it } from 'vitest'
import { type FailedAttempt, mayRetry } from './may-retry.ts'

const attempt = (more: Partial<FailedAttempt>): FailedAttempt => ({
  retries: 0,
  wasAnswered: false,
  isSent: true,
  diedUnused: false,
  hasBody: false,
  bodyStarted: false,
  method: 'GET',
  ...more,
})

describe('one retry', () => {
  it('goes elsewhere where nothing was sent, whatever the request (RFC 9112, section 9.3.1)', () => {
    for (const method of ['GET', 'POST', 'PATCH']) {
      expect(mayRetry(attempt({ isSent: false, method, hasBody: true }))).toBe('elsewhere')
    }
    expect(mayRetry(attempt({ isSent: false, hasBody: true, bodyStarted: true }))).toBe('no')
  })

  it('goes anywhere for an idempotent request without body that met a dead reused connection (RFC 9110, section 9.2.2)', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']) {
      expect(mayRetry(attempt({ diedUnused: true, method })), method).toBe('anywhere')
    }
    for (const method of ['POST', 'PATCH', 'CONNECT', 'get', 'LOCK']) {
      expect(mayRetry(attempt({ diedUnused: true, method })), method).toBe('no')
    }
    expect(mayRetry(attempt({ diedUnused: true, method: 'PUT', hasBody: true }))).toBe('no')
  })

  it('is not made for a request that an endpoint may have carried out, nor a second time', () => {
    expect(mayRetry(attempt({}))).toBe('no')
    expect(mayRetry(attempt({ diedUnused: true, wasAnswered: true }))).toBe('no')
    expect(mayRetry(attempt({ isSent: false, retries: 1 }))).toBe('no')
  })
})
