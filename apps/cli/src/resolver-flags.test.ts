import { describe, expect, it } from 'vitest'
import { platformResolverArgs, platformResolverFlag, platformResolverFlags } from './resolver-flags.ts'

describe("the resolver's flags of standin start", () => {
  it('are handed on under the names that the resolver has for them', () => {
    expect(platformResolverArgs({ dnsAdmin: 'off', dnsWorkers: '1' })).toEqual(['--admin', 'off', '--workers', '1'])
    const all = {
      dnsConf: 'f',
      dnsUpstream: ['192.0.2.1', 'none'],
      dnsAdmin: '127.0.0.1:0',
      dnsWorkers: '2',
      dnsAllow: ['10.0.0.0/8'],
      dnsRateLimit: '50',
      dnsTtl: '30s',
      dnsQueryLog: true,
    }
    expect(platformResolverArgs(all)).toEqual([
      ...['--conf-file', 'f', '--control', 'auto', '--upstream', '192.0.2.1', '--upstream', 'none'],
      ...['--ttl', '30s', '--admin', '127.0.0.1:0', '--workers', '2', '--allow', '10.0.0.0/8', '--rate-limit', '50', '--query-log'],
    ])
  })

  it('are named in errors as they were typed', () => {
    const known = platformResolverFlags.map(({ flags }) => flags.split(' ')[0])
    for (const flag of ['--conf-file', '--upstream', '--admin', '--workers', '--allow', '--rate-limit', '--ttl', '--query-log'])
      expect(known).toContain(platformResolverFlag(flag))
    expect(['--dns', '--listen', 'dnsmasq.conf:3'].map(platformResolverFlag)).toEqual(['--dns', '--dns', 'dnsmasq.conf:3'])
  })
})
