import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { nameserversOf } from './dnsmasq/resolv-conf.ts'

describe('config', () => {
  it('has defaults', () => {
    expect(readConfig([], { XDG_STATE_HOME: '/state' })).toEqual({
      home: '/state/standin',
      listen: { address: '127.0.0.1', port: 5354 },
      control: undefined,
      tokenFile: undefined,
      upstreams: undefined,
      confFile: undefined,
      isAlone: false,
      admin: null,
      adminTokenFile: null,
      allow: [],
      rateLimit: undefined,
      queryLog: false,
      workers: 1,
      ttl: undefined,
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
      ...['--admin', '127.0.0.1:0', '--admin-token-file', '/a', '--allow', '192.0.2.0/24,2001:db8::/32', '--allow', '198.51.100.7'],
      ...['--query-log', '--workers', '3', '--ttl', '2m', '--rate-limit', '0'],
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
      confFile: undefined,
      isAlone: false,
      admin: { host: '127.0.0.1', port: 0 },
      adminTokenFile: '/a',
      allow: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'],
      rateLimit: 0,
      queryLog: true,
      workers: 3,
      ttl: 120,
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
    expect(faults('--nope')).toEqual(['--nope'])
    expect(faults('--admin', '192.0.2.1:9', '--allow', '10.0.0.1/8,x', '--workers', '0', '--ttl', '5', '--query-log=yes')).toEqual([
      '--query-log',
      '--ttl',
      '--allow',
      '--allow',
      '--workers',
      '--admin',
    ])
    expect(faults('--rate-limit', '-1')).toEqual(['--rate-limit'])
    expect(faults('--conf-file', 'f', '--upstream', '127.0.0.1')).toEqual(['--upstream'])
  })

  it('is alone with a file unless it is told where control is', () => {
    expect(readConfig(['--conf-file', 'f'], {})).toMatchObject({ confFile: 'f', isAlone: true })
    expect(readConfig(['--conf-file', 'f', '--control', 'auto'], {})).toMatchObject({ isAlone: false, control: undefined })
    expect(readConfig(['--conf-file', 'f', '--control', 'http://127.0.0.1:1'], {})).toMatchObject({ isAlone: false })
    expect(readConfig(['--listen', '127.0.0.9:1'], {}).listen).toEqual({ address: '127.0.0.9', port: 1 })
  })
})

describe('resolv.conf', () => {
  it('names up to three servers', () => {
    const text =
      '# a comment\nsearch example\nnameserver 127.0.0.53\nnameserver ::1\nnameserver  not-an-address\n nameserver 127.0.0.9\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n'
    expect(nameserversOf(text).map(({ address }) => address)).toEqual(['127.0.0.53', '::1', '127.0.0.2'])
  })
})
