import { describe, expect, it } from 'vitest'
import { assembleServices, parsePolicyFlag, parseProbe, parseService } from './attached-service.ts'
import { parseSize } from './duration.ts'

const assemble = (services: string[], policies: string[] = []) =>
  assembleServices(services.map(parseService), policies.map(parsePolicyFlag), (text) => ({ connections: text.length }))

describe('the services of attach', () => {
  it('are put together from services, paths and policies', () => {
    expect(
      assemble(['www=127.0.0.1:9000*3,[::1]:9001', 'api=127.0.0.1:9002', 'www/a/b=127.0.0.1:9003'], ['www={x: 1}', 'www/a/b={}']),
    ).toEqual([
      {
        name: 'www',
        endpoints: [{ address: '127.0.0.1:9000', weight: 3 }, '[::1]:9001'],
        policy: { connections: 6 },
        paths: [{ path: '/a/b', endpoints: ['127.0.0.1:9003'], policy: { connections: 2 } }],
      },
      { name: 'api', endpoints: ['127.0.0.1:9002'] },
    ])
  })

  it.each([
    [['www/api=127.0.0.1:1'], [], 'There is no --service for www.'],
    [['www=127.0.0.1:1'], ['api={}'], 'There is no --service for api.'],
    [['www=127.0.0.1:1'], ['www/x={}'], 'There is no --service for www/x.'],
  ])('%j with the policies %j are refused', (services, policies, message) => expect(() => assemble(services, policies)).toThrow(message))

  it.each(['www', '=127.0.0.1:1', 'www=', 'www=127.0.0.1', 'www=127.0.0.1:1*', 'WWW=127.0.0.1:1', 'www=127.0.0.1:1,'])(
    '%j is none',
    (text) => expect(() => parseService(text)).toThrow(/is not a (service|name)/),
  )
})

describe('a probe of attach', () => {
  it('is known by what it says together', () => {
    expect(parseProbe('path=/healthz,network=10.0.0.0/8')).toEqual({ path: '/healthz', network: '10.0.0.0/8' })
    expect(parseProbe('user-agent=a=b')).toEqual({ userAgent: 'a=b' })
  })

  it.each(['', 'path', 'path=', 'host=x'])('is not %j', (text) => expect(() => parseProbe(text)).toThrow('is not a probe'))
})

describe('a size', () => {
  it.each([
    ['512', 512],
    ['512B', 512],
    ['10k', 10_240],
    ['1.5MiB', 1_572_864],
    ['1g', 2 ** 30],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each(['', 'k', '0', '-1', '10x', '1e3'])('is not %j', (text) => expect(() => parseSize(text)).toThrow('is not a size'))
})
