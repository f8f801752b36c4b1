import { StandinError } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const refusal = (...args: string[]): StandinError => {
  try {
    readConfig(args, { STANDIN_HOME: '/s' })
  } catch (error) {
    if (error instanceof StandinError) return error
    throw error
  }
  throw new Error(`${args.join(' ')} was taken`)
}

describe('readConfig', () => {
  it('takes flags before the environment, and that before the defaults', () => {
    expect(readConfig([], { HOME: '/h', XDG_STATE_HOME: '/x' })).toMatchObject({
      home: '/x/standin',
      http: { host: '127.0.0.1', port: 8080 },
      https: null,
      admin: null,
      workers: 1,
      drainMs: 10_000,
    })
    expect(readConfig([], { HOME: '/h' }).home).toBe('/h/.local/state/standin')
    expect(readConfig([], { STANDIN_HOME: '/s' }).home).toBe('/s')
    const args = ['--home', '/f', '--http', '[::1]:0', '--control', 'http://127.0.0.1:1', '--token-file', '/t']
    expect(readConfig(args, { STANDIN_HOME: '/s' })).toMatchObject({
      home: '/f',
      http: { host: '::1', port: 0 },
      control: 'http://127.0.0.1:1',
      tokenFile: '/t',
    })
  })

  it('takes all that there is', () => {
    const line =
      '--http off --https 0.0.0.0:443 --admin 127.0.0.1:9 --tls-cert c --tls-key k --trusted 10.0.0.0/8,::1 --trusted 192.0.2.1 ' +
      '--proxy-protocol 192.0.2.0/24 --probe kube-probe/,path:/healthz+network:10.0.0.0/8 --routes r.yaml --workers 4 --take-over ' +
      '--drain 500ms --max-connections 10 --max-connections-per-client=3 ' +
      '--max-header-bytes 8192 --header-timeout 5s --idle-timeout 2m --stall-timeout 30s --handshake-timeout 3s'
    expect(readConfig(line.split(' '), { STANDIN_HOME: '/s' })).toEqual({
      home: '/s',
      http: null,
      https: { host: '0.0.0.0', port: 443 },
      admin: { host: '127.0.0.1', port: 9 },
      adminTokenFile: null,
      tls: { certFile: 'c', keyFile: 'k' },
      redirect: false,
      trusted: ['10.0.0.0/8', '::1', '192.0.2.1'],
      proxyProtocol: ['192.0.2.0/24'],
      probes: [{ userAgent: 'kube-probe/' }, { path: '/healthz', network: '10.0.0.0/8' }],
      routes: 'r.yaml',
      control: undefined,
      tokenFile: undefined,
      workers: 4,
      takeOver: true,
      drainMs: 500,
      limits: { connections: 10, connectionsPerClient: 3 },
      clientLimits: { headerBytes: 8_192, headerMs: 5_000, idleMs: 120_000, stallMs: 30_000, handshakeMs: 3_000 },
    })
  })

  it.each([
    ['--http', '8080'],
    ['--http', 'a:b'],
    ['--http', '127.0.0.1:65536'],
    ['--http', '::1:80'],
    ['--http', 'off'],
    ['--nonsense'],
    ['positional'],
    ['--http'],
    ['--https', '--redirect'],
    ['--redirect'],
    ['--redirect=yes'],
    ['--tls-cert', 'c', '--https', '127.0.0.1:0'],
    ['--tls-cert', 'c', '--tls-key', 'k'],
    ['--trusted', '10.0.0.0/33'],
    ['--trusted', '10.0.0.0/8,'],
    ['--proxy-protocol', 'example.com'],
    ['--probe', 'path:healthz'],
    ['--workers', '0'],
    ['--drain', '10'],
    ['--max-connections', '-1'],
    ['--max-header-bytes', '64KiB'],
    ['--max-header-bytes', '1000000'],
    ['--header-timeout', '100ms'],
    ['--idle-timeout', '65'],
    ['--stall-timeout', '0s'],
    ['--handshake-timeout', '2h'],
    ['--admin', '0.0.0.0:9000'],
    ['--routes', 'r', '--control', 'http://127.0.0.1:1'],
  ])('refuses %s %s', (...args) => {
    const error = refusal(...args)
    expect(error.code).toBe('invalid')
    expect(error.errors?.length).toBeGreaterThan(0)
    expect(error.hint).toContain('--max-connections')
  })

  it('says everything that is wrong at once', () => {
    const error = refusal('--http', 'x', '--workers', 'many', '--trusted', 'me,10.0.0.1', '--wat', '--tls-key', 'k')
    expect(error.errors?.map(({ path }) => path).sort()).toEqual(
      ['--http', '--tls-cert', '--tls-key', '--trusted', '--wat', '--workers'].sort(),
    )
    expect(error.message).toContain('--workers many: it takes a number from 1 to 128')
  })
})
