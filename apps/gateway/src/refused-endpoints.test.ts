import { describe, expect, it } from 'vitest'
import { RefusedEndpoints } from './refused-endpoints.ts'

describe('RefusedEndpoints', () => {
  it('knows a listener by each of its addresses', () => {
    const refused = new RefusedEndpoints()
    refused.set('the gateway', ['0.0.0.0:8080'])
    refused.set('the control plane', ['http://127.0.0.1:7077/'])
    for (const address of ['127.0.0.1', '127.64.0.9', '0.0.0.0', '::1', '::ffff:127.0.0.1', 'localhost', '[::1]']) {
      expect(refused.ownerOf(address, 8080), address).toBe('the gateway')
    }
    expect(refused.ownerOf('192.0.2.1', 8080)).toBeNull()
    expect(refused.ownerOf('127.0.0.1', 8081)).toBeNull()
    expect(refused.ownerOf('127.0.0.1', 7077)).toBe('the control plane')
    expect(refused.ownerOf('0.0.0.0', 7077)).toBe('the control plane')
    // Instances have addresses of their own in 127/8 and may use the same port.
    expect(refused.ownerOf('127.64.0.9', 7077)).toBeNull()
  })

  it.each([
    '::ffff:127.0.0.1',
    '[::ffff:7f00:1]',
    '::FFFF:7F00:0001',
    '0:0:0:0:0:ffff:127.0.0.1',
    '0000:0000:0000:0000:0000:ffff:7f00:0001',
    '[::ffff:0:0]',
    '::ffff:0.0.0.0',
    '0:0:0:0:0:0:0:0',
    'LOCALHOST',
  ])('knows it however its address is written: %s', (address) => {
    const refused = new RefusedEndpoints()
    refused.set('the control plane', ['127.0.0.1:7077'])
    expect(refused.ownerOf(address, 7077)).toBe('the control plane')
  })

  it('knows an address of IPv6 that is written out, and takes no other for it', () => {
    const refused = new RefusedEndpoints()
    refused.set('the control plane', ['http://[::1]:7077'])
    expect(refused.ownerOf('0:0:0:0:0:0:0:1', 7077)).toBe('the control plane')
    expect(refused.ownerOf('0:0:0:0:0:0:1:1', 7077)).toBeNull()
  })

  it('forgets the address that an owner has left', () => {
    const refused = new RefusedEndpoints()
    refused.set('the control plane', ['127.0.0.1:7077'])
    refused.set('the control plane', ['127.0.0.1:7078'])
    expect(refused.ownerOf('127.0.0.1', 7077)).toBeNull()
    expect(refused.ownerOf('127.0.0.1', 7078)).toBe('the control plane')
  })
})
