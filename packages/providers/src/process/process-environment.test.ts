import { host, stackOf } from '@standin/testing/provider-conformance'
import { describe, expect, it } from 'vitest'
import { fill, hostPath, hostsFile, instancePlan, processEnvironment } from './process-environment.ts'

const web = host('web', {
  replicas: 2,
  command: ['serve', '--listen', '${STANDIN_ADDRESS}:80', '$HOME ${OTHER}'],
  workingDir: 'app',
  environment: { PEERS: '${STANDIN_HOST_MAIL_RELAY}', STANDIN_HOST: 'forged', PATH: '/opt/bin' },
})
const context = {
  id: 1001,
  stack: stackOf(web, host('mail-relay')),
  domain: 'test.localhost',
  root: '/data/mnt',
  addresses: { 'web-1': '127.64.0.1', 'web-2': '127.64.0.2', 'mail-relay-1': '127.64.0.3' },
  path: '/usr/bin',
}

describe('processEnvironment', () => {
  it('names every host, fills STANDIN_ variables in and lets nobody forge an identity', () => {
    expect(processEnvironment(context, web, 2)).toMatchObject({
      STANDIN_INSTANCE: 'web-2',
      STANDIN_ADDRESS: '127.64.0.2',
      STANDIN_HOST: 'web',
      STANDIN_HOST_WEB: '127.64.0.1,127.64.0.2',
      STANDIN_HOST_MAIL_RELAY: '127.64.0.3',
      STANDIN_DIR: '/data/mnt/hosts/web',
      PEERS: '127.64.0.3',
      PATH: '/opt/bin',
    })
  })

  it('fills only what is its own', () => {
    expect(fill('${STANDIN_A}-${STANDIN_B}-${HOME}-$STANDIN_A', { STANDIN_A: 'a', HOME: 'h' })).toBe('a--${HOME}-$STANDIN_A')
    expect(instancePlan(context, web, 1)).toMatchObject({
      command: ['serve', '--listen', '127.64.0.1:80', '$HOME ${OTHER}'],
      workingDir: '/data/mnt/hosts/web/app',
    })
  })

  it('keeps paths within the host', () => {
    const at = (path: string) => hostPath(context, 'web', path)
    expect(['.', '/etc/x', '../../../etc', '/data/mnt/hosts/web/in', 'a/../b'].map(at)).toEqual([
      '/data/mnt/hosts/web/',
      '/data/mnt/hosts/web/etc/x',
      '/data/mnt/hosts/web/etc',
      '/data/mnt/hosts/web/in',
      '/data/mnt/hosts/web/b',
    ])
  })
})

describe('hostsFile', () => {
  it('has localhost, the machine, and every instance by all of its names', () => {
    expect(hostsFile(context, 'laptop').split('\n')).toEqual([
      '127.0.0.1 localhost',
      '::1 localhost ip6-localhost ip6-loopback',
      '127.0.0.1 laptop',
      '127.64.0.1 web-1 web web-1.1001.test.localhost web.1001.test.localhost',
      '127.64.0.2 web-2 web web-2.1001.test.localhost web.1001.test.localhost',
      '127.64.0.3 mail-relay-1 mail-relay mail-relay-1.1001.test.localhost mail-relay.1001.test.localhost',
      '',
    ])
  })

  it('leaves a host its name where the machine is called the same', () => {
    expect(hostsFile(context, 'web')).not.toContain('127.0.0.1 web')
  })
})
