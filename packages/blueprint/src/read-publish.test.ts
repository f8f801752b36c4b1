import { type Fault, RoutePolicy, type Stack, StandinError } from '@standin/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBlueprint } from './parse-blueprint.ts'
import { policySettings } from './policy-settings.ts'

function parse(block: string): Stack {
  const hosts = 'services:\n  web: {command: run, expose: [8080]}\n  api: {command: run, expose: [8081]}\n'
  const text = `${hosts}x-standin:\n${block.replace(/^(?=.)/gm, '  ')}\n`
  return parseBlueprint({ files: { 'compose.yaml': text }, defaultName: 'test' }).stack
}

function faults(block: string): string[] {
  try {
    parse(block)
  } catch (error) {
    if (!(error instanceof StandinError) || error.code !== 'blueprint_invalid') throw error
    return (error.errors ?? []).map(({ line, column, message }: Fault) => `${line}:${column} ${message}`)
  }
  throw new Error('there is no fault')
}

describe('x-standin.publish', () => {
  it('takes a short form and a long one that mean the same', () => {
    expect(parse('publish: {www: {to: "web:8080"}, api: {to: api}}').publish).toEqual(parse('publish: {www: "web:8080", api: api}').publish)
  })

  it('reads paths and policies, durations as milliseconds', () => {
    const { publish, hosts } = parse(`publish:
  www:
    to: web:8080
    paths:
      /api: api
      /grpc: {to: api:9090, policy: {protocol: h2c}}
    policy:
      balance: least-connections
      health: {path: /healthz, interval: 2s, healthyAfter: 1}
      eject: {for: 1m30s}
      pending: 10
      pendingFor: 500ms
      slowStart: 30s
      sendProxy: v2`)
    const policy = {
      balance: 'least-connections',
      health: { path: '/healthz', intervalMs: 2000, healthyAfter: 1 },
      eject: { forMs: 90_000 },
      pending: 10,
      pendingMs: 500,
      slowStartMs: 30_000,
      sendProxy: 'v2',
    }
    expect(publish).toEqual([
      {
        service: 'www',
        host: 'web',
        port: 8080,
        policy,
        paths: [
          { path: '/api', host: 'api', port: 8081, policy },
          { path: '/grpc', host: 'api', port: 9090, policy: { protocol: 'h2c' } },
        ],
      },
    ])
    expect(hosts.find(({ name }) => name === 'api')?.ports).toEqual([8081, 9090])
  })

  it('has a key for everything that a policy can say', () => {
    const names = (schema: { properties?: object }) => Object.keys(schema.properties ?? {})
    expect(names(policySettings).length).toBe(names(RoutePolicy).length)
    for (const part of ['health', 'eject'] as const) {
      expect(names(policySettings.properties?.[part] ?? {}).length).toBe(names(RoutePolicy.properties[part]).length)
    }
    expect(names(policySettings).filter((name) => name.endsWith('Ms'))).toEqual([])
  })

  it.each([
    ['publish: {www: [web]}', '5:18 a list is not host:port, such as web:8080 or a mapping'],
    ['publish: {www: {paths: {/x: web}}}', '5:18 "to" is missing'],
    ['publish: {www: {to: wbe}}', '5:23 there is no host "wbe" (did you mean "web"?); there are web, api'],
    ['publish: {www: {to: web, path: {/x: api}}}', '5:28 unknown key "path" (did you mean "paths"?)'],
    ['publish: {www: {to: web, paths: {/x: apii}}}', '5:40 there is no host "apii" (did you mean "api"?); there are web, api'],
    ['publish: {www: {to: web, paths: {/x: {to: "api:0"}}}}', '5:45 0 is no port'],
    ['publish: {www: {to: web, paths: {/x: api, /x: web}}}', '5:45 this key is here twice'],
    ['publish: {www: {to: web, paths: {x: api}}}', '5:36 "x" is not the beginning of a path, such as /api, without a slash at its end'],
    ['publish: {www: {to: web, paths: {/x/: api}}}', '5:36 "/x/" is not the beginning of a path, such as /api, without a slash at its end'],
    ['publish: {www: {to: web, paths: {/: api}}}', '5:36 "/" is not the beginning of a path, such as /api, without a slash at its end'],
    [
      'publish: {www: {to: web, paths: {"/x?y": api}}}',
      '5:36 "/x?y" is not the beginning of a path, such as /api, without a slash at its end',
    ],
    [
      'publish: {www: {to: web, policy: {balance: random}}}',
      '5:46 "random" is not one of round-robin, least-connections, two-choices, sticky',
    ],
    [
      'publish: {www: {to: web, policy: {balance: stiky}}}',
      '5:46 "stiky" is not one of round-robin, least-connections, two-choices, sticky (did you mean "sticky"?)',
    ],
    ['publish: {www: {to: web, policy: {sendProxy: on}}}', '5:48 "on" is not one of v1, v2'],
    ['publish: {www: {to: web, policy: {slowStartMs: 30}}}', '5:37 unknown key "slowStartMs" (did you mean "slowStart"?)'],
    ['publish: {www: {to: web, policy: {slowStart: 30}}}', '5:48 "30" is not a duration with a unit, such as 90s or 2h'],
    ['publish: {www: {to: web, policy: {slowStart: 48h}}}', '5:48 "48h" is not from 1ms to 24h'],
    ['publish: {www: {to: web, policy: {health: {path: /x, interval: 50ms}}}}', '5:66 "50ms" is not from 100ms to 24h'],
    ['publish: {www: {to: web, policy: {health: {interval: 5s}}}}', '5:45 "path" is missing'],
    ['publish: {www: {to: web, policy: {pending: 5s}}}', '5:46 "5s" is not a whole number from 1 to 1000000'],
    ['publish: {www: {to: web, policy: {panicBelowPercent: 101}}}', '5:56 "101" is not a whole number from 0 to 100'],
  ])('%s', (block, fault) => expect(faults(block)).toContain(fault))

  it('reports every fault at once', () => {
    expect(
      faults('publish: {www: {to: wbe, paths: {/a: apii}, policy: {slowStart: 48h}}, api: {to: "api:99999"}}\nprobes: [{}]').length,
    ).toBe(5)
  })
})

describe('x-standin.probes', () => {
  it('reads what a probe is known by', () => {
    expect(parse('probes: [{user-agent: kube-probe/}, {path: /healthz, network: 10.0.0.0/8}, {network: "::1"}]').probes).toEqual([
      { userAgent: 'kube-probe/' },
      { path: '/healthz', network: '10.0.0.0/8' },
      { network: '::1' },
    ])
    expect(parse('probes: []')).not.toHaveProperty('probes')
  })

  it.each([
    ['probes: [{}]', '5:12 a probe is known by its "user-agent", its "path" or its "network": at least one of them'],
    ['probes: [{useragent: x}]', '5:13 unknown key "useragent" (did you mean "user-agent"?)'],
    ['probes: [{path: healthz}]', '5:19 "healthz" is not a path, such as /healthz'],
    ['probes: [{network: 10.0.0.0/33}]', '5:22 "10.0.0.0/33" is no network, such as 10.0.0.0/8'],
    ['probes: [{network: example.com}]', '5:22 "example.com" is no network, such as 10.0.0.0/8'],
    ['probes: {path: /x}', '5:11 a mapping is not a list'],
  ])('%s', (block, fault) => expect(faults(block)).toContain(fault))
})

it('throws nothing but blueprint_invalid for any tree below publish and probes', () => {
  const words = fc.constantFrom(
    'to',
    'paths',
    'policy',
    'health',
    'eject',
    'for',
    'interval',
    'balance',
    '/api',
    'user-agent',
    'network',
    '__proto__',
  )
  const leaf = fc.oneof(fc.constantFrom<unknown>(null, true, -1, '', 'web', 'web:1', '5s', '/x', '10.0.0.0/8'), fc.string())
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(words, tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      for (const block of [{ publish: { www: value } }, { publish: { www: { to: 'web', policy: value } } }, { probes: value }]) {
        try {
          parse(JSON.stringify(block))
        } catch (error) {
          if (!(error instanceof StandinError) || error.code !== 'blueprint_invalid') throw error
        }
      }
    }),
  )
})
