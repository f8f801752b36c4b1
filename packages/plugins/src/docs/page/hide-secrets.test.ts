import { describe, expect, it } from 'vitest'
import { hideCredentials, hideSecret } from './hide-secrets.ts'

describe('hideSecret', () => {
  it.each([
    ['db_password', 'hunter2'],
    ['API-KEY', 'x'],
    ['accessKey', 'x'],
    ['note', `AKIA${'B'.repeat(16)}`],
    ['note', `ghp_${'a'.repeat(36)}`],
    ['note', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'],
    ['note', '-----BEGIN RSA PRIVATE KEY-----'],
  ])('hides %s', (key, value) => expect(hideSecret(key, value)).toBe('(hidden)'))

  it.each([
    ['project', 'shop'],
    ['suspend.pin', 'demo on Friday'],
    ['keyboard', 'de'],
  ])('shows %s', (key, value) => expect(hideSecret(key, value)).toBe(value))
})

describe('hideCredentials', () => {
  it('takes who is named out of addresses (RFC 3986, section 3.2.1)', () => {
    expect(hideCredentials('clone https://ada:pw@git.example/x failed, postgres://u:p@db/x too')).toBe(
      'clone https://git.example/x failed, postgres://db/x too',
    )
  })

  it('leaves other words and mail addresses alone', () => {
    expect(hideCredentials('asked by ada@example.com')).toBe('asked by ada@example.com')
  })
})
