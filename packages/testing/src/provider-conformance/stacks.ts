import type { HostSpec, Stack } from '@standin/client'

/** The programs that the suite's hosts run; Node is there wherever Standin is. */
export const programs: Readonly<Record<string, string>> = {
  'server.js': `
    const { createServer } = require('node:http'); const fs = require('node:fs')
    if (process.env.TOUCH) fs.writeFileSync('data/' + process.env.TOUCH, process.env.STANDIN_INSTANCE)
    createServer((request, response) => {
      if (request.url === '/exit') process.exit(3)
      if (request.url === '/health') { response.statusCode = fs.existsSync('sick') ? 503 : 200 }
      response.end(process.env.STANDIN_INSTANCE)
    }).listen(process.env.PORT ?? 8080, process.env.LISTEN ?? process.env.STANDIN_ADDRESS, () => console.log('listening'))`,
  'restless.sh': `
    # Forks and leaves its session, over and over: what a freeze must not lose.
    for n in $HOPPERS; do sh hopper.sh & done
    while :; do setsid sh -c 'sleep 0.2; :' & sleep 0.01; done`,
  'hopper.sh': `
    # No process of this chain lives for more than a moment: whoever looks first and signals then is late.
    setsid sh hopper.sh &`,
}

export const sleeping = { command: 'sleep 1000' }
export const data = { kind: 'volume' as const, source: 'data', target: '/data', readOnly: false }

export function host(name: string, patch: Partial<HostSpec> = {}): HostSpec {
  return {
    name,
    replicas: 1,
    context: { path: 'app', ignore: [] },
    command: 'sleep 1000',
    workingDir: '.',
    environment: {},
    ports: [],
    mounts: [],
    secrets: [],
    dependsOn: [],
    healthCheck: null,
    restart: { policy: 'no', maxRetries: null },
    stopSignal: 'SIGTERM',
    stopGraceMs: 2000,
    resources: { cpus: null, memoryBytes: null },
    ...patch,
  }
}

export function server(name: string, patch: Partial<HostSpec> = {}): HostSpec {
  return host(name, { command: ['node', 'server.js'], ports: [8080], ...patch })
}

export function stackOf(...hosts: HostSpec[]): Stack {
  return {
    name: 'conformance',
    hosts,
    volumes: [...new Set(hosts.flatMap(({ mounts }) => mounts.filter(({ kind }) => kind === 'volume').map(({ source }) => source)))],
    secrets: [],
    publish: [],
    phases: { provision: [], bootstrap: [], configure: [] },
    fixtures: [],
    checks: [],
    launch: [],
    suspendAfterMs: null,
    labels: {},
  }
}

export function after(name: string, condition: HostSpec['dependsOn'][number]['condition']): HostSpec['dependsOn'][number] {
  return { host: name, condition, required: true, restart: false }
}

export type Check = NonNullable<HostSpec['healthCheck']>

export function check(what: Partial<Pick<Check, 'exec' | 'http' | 'tcp'>>, timing: Partial<Check> = {}): Check {
  return {
    exec: null,
    http: null,
    tcp: null,
    intervalMs: 50,
    timeoutMs: 5000,
    retries: 2,
    startPeriodMs: 30_000,
    startIntervalMs: 50,
    ...what,
    ...timing,
  }
}
