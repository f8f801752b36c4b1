import { describe, expect, it } from 'vitest'
import { stickyCookie, takeStickyCookies } from './sticky-cookie.ts'

describe('the sticky cookie', () => {
  it('is taken out of the request, so that the application sees its own cookies only', () => {
    const headers = ['host', 'a', 'Cookie', 'lang=en; standin_instance=abc; theme="a b"', 'accept', '*/*']
    expect(takeStickyCookies(headers)).toEqual(['abc'])
    expect(headers).toEqual(['host', 'a', 'Cookie', 'lang=en; theme="a b"', 'accept', '*/*'])
  })

  it('takes the whole header with it where it was alone, also where cookies come in several fields (RFC 9113, section 8.2.3)', () => {
    const headers = ['cookie', 'standin_instance=abc', 'cookie', 'lang=en', 'cookie', 'standin_instance=def']
    expect(takeStickyCookies(headers)).toEqual(['abc', 'def'])
    expect(headers).toEqual(['cookie', 'lang=en'])
  })

  it('leaves all other requests byte for byte as they are', () => {
    const headers = ['cookie', 'a=1;b=2 ;; standin_instances=x; my_standin_instance=y', 'x', 'standin_instance=z']
    const before = [...headers]
    expect(takeStickyCookies(headers)).toBeNull()
    expect(headers).toEqual(before)
  })

  it('is for the route only, and for no script; only encrypted where the client is (RFC 6265, section 5.2)', () => {
    expect(stickyCookie('abc', '/', false)).toBe('standin_instance=abc; Path=/; HttpOnly; SameSite=Lax')
    expect(stickyCookie('abc', '/api', true)).toBe('standin_instance=abc; Path=/api; HttpOnly; SameSite=Lax; Secure')
  })
})
