import type { Probe } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { compileProbes, isProbe } from './probes.ts'

const matches = (probes: Probe[], request: { path?: string; userAgent?: string; address?: string }) =>
  isProbe(compileProbes(probes), { path: '/', userAgent: '', address: '203.0.113.7', ...request })

describe('isProbe', () => {
  it('compares the beginning of the user agent', () => {
    const probes = [{ userAgent: 'kube-probe/' }]
    expect(matches(probes, { userAgent: 'kube-probe/1.31' })).toBe(true)
    expect(matches(probes, { userAgent: 'Kube-probe/1.31' })).toBe(false)
    expect(matches(probes, { userAgent: 'Mozilla/5.0 kube-probe/' })).toBe(false)
    expect(matches(probes, {})).toBe(false)
  })

  it('compares the whole path, without its query', () => {
    const probes = [{ path: '/healthz' }]
    expect(['/healthz', '/healthz?full', '/healthz/', '/healthzz', '/', '//healthz'].map((path) => matches(probes, { path }))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['::1', '::1', true],
    ['0.0.0.0/0', '203.0.113.7', true],
    ['0.0.0.0/0', '::1', false],
  ])('%s has %s: %s', (network, address, expected) => expect(matches([{ network }], { address })).toBe(expected))

  it('wants everything that one names, and any one of several', () => {
    const probes = [{ userAgent: 'up/', path: '/healthz' }, { network: '10.0.0.0/8' }]
    expect(matches(probes, { userAgent: 'up/1', path: '/healthz' })).toBe(true)
    expect(matches(probes, { userAgent: 'up/1' })).toBe(false)
    expect(matches(probes, { address: '10.0.0.1' })).toBe(true)
  })

  it('takes nobody for a probe because of one that it does not understand', () => {
    for (const network of ['10.0.0.0/33', 'localhost', '10.0.0.0/', '::/129', '10.0.0.0/8/8'])
      expect(compileProbes([{ network }])).toBeNull()
    expect(compileProbes([{}, { network: 'x', path: '/' }])).toBeNull()
    expect(compileProbes(undefined)).toBeNull()
  })
})
