import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { nameserversOf } from './upstream/resolv-conf.ts'

describe('config', () => {
  it('has defaults', () => {
    expect(readConfig([], { XDG_STATE_HOME: '/state' })).toEqual({
      home: '/state/standin',
      listen: { address: '127.0.0.1', port: 5354 },
      control: undefined,
      tokenFile: undefined,
      upstreams: undefined,
    })
    expect(readConfig([], { STANDIN_HOME: '/elsewhere' }).home).toBe('/elsewhere')
  })

  it('reads every flag', () => {
    const args = [
      '--home',
      '/h',
      '--dns',
      '[::1]:0',
      '--control',
      'http://127.0.0.1:1',
      '--token-file',
      '/t',
      '--upstream',
      '127.0.0.2:54',
      '--upstream',
      '::1',
      '--upstream',
      '127.0.0.3',
    ]
    expect(readConfig(args, {})).toEqual({
      home: '/h',
      listen: { address: '::1', port: 0 },
      control: 'http://127.0.0.1:1',
      tokenFile: '/t',
      upstreams: [
        { address: '127.0.0.2', port: 54 },
        { address: '::1', port: 53 },
        { address: '127.0.0.3', port: 53 },
      ],
    })
    expect(readConfig(['--upstream', 'none'], {}).upstreams).toEqual([])
  })

  it('tells every fault at once', () => {
    const faults = (...args: string[]) => {
      try {
        readConfig(args, {})
        return []
      } catch (error) {
        return (error as { errors?: { path: string }[] }).errors?.map(({ path }) => path) ?? [(error as Error).message]
      }
    }
    expect(faults('--dns', 'localhost:53', '--upstream', 'x', '--upstream', '127.0.0.1:0', '--control', 'ftp://x')).toEqual([
      '--dns',
      '--upstream',
      '--upstream',
      '--control',
    ])
    expect(faults('--dns', '127.0.0.1:65536')).toEqual(['--dns'])
    expect(faults('--dns', '::1:53')).toEqual(['--dns'])
    expect(faults('--upstream', 'none', '--upstream', '127.0.0.1')).toEqual(['--upstream'])
    expect(faults('--dns', '0.0.0.0:53', '--upstream', '127.0.0.1:53')).toEqual(['--upstream'])
    expect(faults('--nope')[0]).toContain('--nope')
  })
})

describe('resolv.conf', () => {
  it('names up to three servers', () => {
    const text =
      '# a comment\nsearch example\nnameserver 127.0.0.53\nnameserver ::1\nnameserver  not-an-address\n nameserver 127.0.0.9\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n'
    expect(nameserversOf(text).map(({ address }) => address)).toEqual(['127.0.0.53', '::1', '127.0.0.2'])
  })
})
