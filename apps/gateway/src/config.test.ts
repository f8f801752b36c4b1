import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

describe('readConfig', () => {
  it('takes flags before the environment, and that before the defaults', () => {
    expect(readConfig([], { HOME: '/h', XDG_STATE_HOME: '/x' })).toMatchObject({
      home: '/x/standin',
      http: { host: '127.0.0.1', port: 8080 },
    })
    expect(readConfig([], { STANDIN_HOME: '/s' }).home).toBe('/s')
    const args = ['--home', '/f', '--http', '[::1]:0', '--control', 'http://127.0.0.1:1', '--token-file', '/t']
    expect(readConfig(args, { STANDIN_HOME: '/s' })).toEqual({
      home: '/f',
      http: { host: '::1', port: 0 },
      control: 'http://127.0.0.1:1',
      tokenFile: '/t',
    })
  })

  it.each([['--http', '8080'], ['--http', 'a:b'], ['--http', '127.0.0.1:65536'], ['--http', '::1:80'], ['--nonsense'], ['positional']])(
    'refuses %s %s',
    (...args) => {
      expect(() => readConfig(args, { STANDIN_HOME: '/s' })).toThrow(expect.objectContaining({ code: 'invalid' }))
    },
  )
})
