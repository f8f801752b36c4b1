import { readFileSync } from 'node:fs'
import { StandinError } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { readRoutesFile } from './read-routes-file.ts'
import { RoutesTable } from './routes-table.ts'

const faultsOf = (text: string): string[] => {
  try {
    readRoutesFile(text, 'routes.yaml')
    return []
  } catch (error) {
    if (!(error instanceof StandinError) || error.code !== 'invalid') throw error
    return (error.errors ?? []).map(({ path, message, line, column }) => `${line}:${column} ${path}: ${message}`)
  }
}

describe('readRoutesFile', () => {
  it('reads the example, and the same as JSON', () => {
    const text = readFileSync(new URL('../../../../examples/routes.yaml', import.meta.url), 'utf8')
    const file = readRoutesFile(text, 'routes.yaml')
    expect(file.routes).toHaveLength(4)
    expect(readRoutesFile(JSON.stringify(file, null, '\t'), 'routes.json')).toEqual(file)
  })

  it('tells every fault at once, with its path and line', () => {
    const text = `domain: test
routes:
  - {environment: 1001, service: Www, endpoints: ["127.0.0.1:9000"]}
  - host: a.test
    endponts: ["127.0.0.1:9000"]
  - host: b.test
    endpoints: [9000, "127.0.0.1", {address: "[::1]:80", port: 81}, {address: x, port: 70000}]
    policy: {balance: random}
    path: api
`
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^3:34 routes\.0\.service: "Www" is not a text/),
      '4:5 routes.1: "endpoints" is missing',
      '5:5 routes.1.endponts: there is no "endponts" here: did you mean "endpoints"?',
      expect.stringMatching(/^7:17 routes\.2\.endpoints\.0: 9000 is not/),
      expect.stringMatching(/^7:23 routes\.2\.endpoints\.1: "127\.0\.0\.1" is not/),
      expect.stringMatching(/^7:88 routes\.2\.endpoints\.3\.port: 70000 is not a whole number from 1 to 65535/),
      '8:23 routes.2.policy.balance: "random" is not one of round-robin, least-connections, two-choices, sticky',
      expect.stringMatching(/^9:11 routes\.2\.path: "api" is not a text/),
    ])
  })

  it('tells faults of both kinds at once, and what a key is called here that is called otherwise in blueprints', () => {
    const text = `domain: test
routes:
  - {environment: 1001, servce: www, endpoints: ["127.0.0.1:9000"]}
  - {host: "a b", endpoints: []}
  - {host: c.test, endpoints: [], policy: {slowStart: 30s, eject: {for: 3}}, faults: [{kind: delay, dely: 3}]}
probes: [{network: 10.0.0.0/33}]
`
    expect(faultsOf(text)).toEqual([
      '3:25 routes.0.servce: there is no "servce" here: did you mean "service"?',
      '4:12 routes.1.host: "a b" is not a host name (without port and path)',
      '5:44 routes.2.policy.slowStart: there is no "slowStart" here: did you mean "slowStartMs"?',
      '5:68 routes.2.policy.eject.for: there is no "for" here: did you mean "forMs"?',
      '5:101 routes.2.faults.0.dely: there is no "dely" here: did you mean "delayMs"?',
      '6:20 probes.0.network: "10.0.0.0/33" is not a network such as 10.0.0.0/8',
    ])
  })

  it('tells what no schema can say', () => {
    const text = `routes:
  - {environment: 1001, endpoints: []}
  - {endpoints: []}
  - {host: "a.test:80", endpoints: []}
  - {host: b.test, endpoints: [{address: "127.0.0.1:80", port: 81}, {address: "127.0.0.1"}]}
  - {host: B.test., endpoints: [], faults: [{kind: abort, expiresAt: soon}]}
  - {host: b.test, path: /api, endpoints: []}
probes: [{network: 10.0.0.0/33}]
`
    expect(faultsOf(text)).toEqual([
      '2:19 routes.0.environment: the file needs a "domain", or this route a "host"',
      '3:5 routes.1: it needs "host", or "environment" with a "service"',
      '4:12 routes.2.host: "a.test:80" is not a host name (without port and path)',
      '5:32 routes.3.endpoints.0: "127.0.0.1:80" has a port, and there is "port" as well',
      '5:69 routes.3.endpoints.1: "127.0.0.1" has no port',
      '6:5 routes.4: routes.3 leads from b.test/ already',
      '6:70 routes.4.faults.0.expiresAt: "soon" is not an instant such as 2026-11-21T18:00:00Z',
      '8:20 probes.0.network: "10.0.0.0/33" is not a network such as 10.0.0.0/8',
    ])
  })

  it.each([
    ['', 'empty'],
    ['routes: [', 'no YAML'],
    ['routes: []\nroutes: []', 'twice'],
    ['routes: []\n---\nroutes: []', 'more than one YAML document'],
    ['- a', 'a list is not a mapping'],
    ['just words', '"just words" is not a mapping'],
    ['routes: *nobody', 'nobody'],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*c,*c,*c,*c,*c,*c]\nroutes: []`,
      '',
    ],
  ])('refuses %j', (text, words) => expect(faultsOf(text).join()).toContain(words))

  it('points into what an anchor stands for', () => {
    expect(faultsOf('x-all: &all\n  endpoints: [nowhere]\nroutes:\n  - {host: a.test, <<: *all}\n')[0]).toMatch(/routes\.0\.endpoints\.0/)
  })
})

describe('RoutesTable', () => {
  const read = (routes: object[]) => readRoutesFile(JSON.stringify({ domain: 'test', routes }), 'routes.json')
  const one = { environment: 1001, endpoints: ['127.0.0.1:9000'] }
  const demo = { host: 'Demo.test', endpoints: ['[::1]:9000'] }

  it('makes one entry of an environment, with all its names, and one of each host without', () => {
    const entries = new RoutesTable().entries(
      read([one, { ...one, service: 'api', path: '/v1' }, { ...one, host: 'shop.test' }, demo, { ...demo, path: '/x' }]),
    )
    expect(entries.map(({ environment, routes }) => [environment, routes.map(({ host, path }) => host + (path ?? ''))])).toEqual([
      [1001, ['www-1001.test', 'api-1001.test/v1', 'shop.test']],
      [-1, ['demo.test', 'demo.test/x']],
    ])
    expect(entries[1]?.routes[0]?.endpoints).toEqual([{ address: '::1', port: 9000, generation: 0, instance: '[::1]:9000' }])
    expect(entries[0]?.routes[2]?.alias).toBe(true)
  })

  it('gives what is the same its former entry, and a host its former id', () => {
    const table = new RoutesTable()
    const before = table.entries(read([{ host: 'a.test', endpoints: [] }, demo, one]))
    const after = table.entries(read([{ ...one, endpoints: ['127.0.0.1:9001'] }, demo, { host: 'z.test', endpoints: [] }]))
    expect(after[1]).toBe(before[1])
    expect(after[0]?.revision).toBeGreaterThan(before[2]?.revision as number)
    expect(after.map(({ environment }) => environment)).toEqual([1001, -2, -3])
  })
})
