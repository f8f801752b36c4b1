import type { Fault, HostSpec, Stack } from '@standin/client'
import { StandinError } from '@standin/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ParsedBlueprint, type ParseOptions, parseBlueprint } from './parse-blueprint.ts'

type Extra = Omit<ParseOptions, 'files' | 'dir'> & { files?: Record<string, string> }

function parse(text: string, { files = {}, ...options }: Extra = {}): ParsedBlueprint {
  return parseBlueprint({ files: { 'compose.yaml': text, ...files }, defaultName: 'test', ...options })
}

function faults(text: string, extra: Extra = {}): readonly Fault[] {
  try {
    parse(text, extra)
  } catch (error) {
    if (error instanceof StandinError && error.code === 'blueprint_invalid') return error.errors ?? []
    throw error
  }
  throw new Error('there is no fault')
}

/** `3:5 message`, one a fault. */
const places = (list: readonly Fault[]) =>
  list.map(({ file, line, column, message }) => `${file === 'compose.yaml' ? '' : `${file}:`}${line}:${column} ${message}`)

/** One service `web`; the lines are put below it. */
const service = (lines: string) => `services:\n  web:\n    command: run\n${lines.replace(/^(?=.)/gm, '    ')}\n`
const web = (lines: string, extra?: Extra): HostSpec => host(parse(service(lines), extra).stack, 'web')

function host(stack: Stack, name: string): HostSpec {
  const found = stack.hosts.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`there is no host ${name}`)
  return found
}

describe('parseBlueprint', () => {
  it('fills every default in', () => {
    const { stack, warnings } = parse('services: {web: {command: node server.mjs, expose: [8080]}}')
    expect(warnings).toEqual([])
    expect(stack).toMatchObject({
      name: 'test',
      volumes: [],
      secrets: [],
      publish: [{ service: 'www', host: 'web', port: 8080 }],
      suspendAfterMs: null,
      labels: {},
    })
    expect(stack.hosts).toEqual([
      {
        name: 'web',
        replicas: 1,
        context: null,
        command: ['node', 'server.mjs'],
        workingDir: '.',
        environment: {},
        ports: [8080],
        mounts: [],
        secrets: [],
        dependsOn: [],
        healthCheck: {
          exec: null,
          http: null,
          tcp: { port: 8080 },
          intervalMs: 5000,
          timeoutMs: 2000,
          retries: 3,
          startPeriodMs: 60_000,
          startIntervalMs: 50,
        },
        restart: { policy: 'no', maxRetries: null },
        stopSignal: 'SIGTERM',
        stopGraceMs: 10_000,
        resources: { cpus: null, memoryBytes: null },
      },
    ])
  })

  describe('names', () => {
    const one = 'services: {web: {command: run}}'
    it.each<[string, string, ParseOptions['defaultName'], string]>([
      ['x-standin wins', `name: a\nx-standin: {name: b}\n${one}`, 'c', 'b'],
      ['then the Compose name', `name: a\n${one}`, 'c', 'a'],
      ['then the folder', one, 'My Shop!', 'my-shop'],
    ])('%s', (_, text, defaultName, name) =>
      expect(parse(text, { ...(defaultName === undefined ? {} : { defaultName }) }).stack.name).toBe(name),
    )

    it.each([
      [
        'name: My_Shop\nservices: {web: {command: run}}',
        '1:7 "My_Shop" is no name for a template: it is a DNS label of lower-case letters, digits and hyphens',
      ],
      ['services: {My_App: {command: run}}', '1:12 "My_App" is no name for a host: it becomes a DNS label (call it "my-app")'],
      ['services: {web: {command: run}}\nvolumes: {"_": }', '2:11 "_" is no name for a volume; use lower-case letters, digits and hyphens'],
      ['services: {web: {command: run}}\nvolumes: {a_b: , a-b: }', '2:18 the volume "a-b" would have the same name as another one: a-b'],
      [
        'services: {web: {command: run}}\nsecrets: {"../x": {file: x}}',
        '2:11 "../x" is no name for a secret; use letters, digits, ".", "_" and "-"',
      ],
    ])('refuses %j', (text, fault) => expect(places(faults(text))).toContain(fault))
  })

  describe('keys', () => {
    it.each([
      ['servces: {}\nservices: {web: {command: run}}', '1:1 unknown key "servces" (did you mean "services"?)'],
      [service('prots: [80]'), '4:5 unknown key "prots" (did you mean "ports"?)'],
      [service('xyzzy: 1'), '4:5 unknown key "xyzzy"'],
      [service('healthcheck: {tset: x}'), '4:19 unknown key "tset" (did you mean "test"?)'],
      [
        service('privileged: true'),
        '4:5 "privileged" is not supported: a stand-in of production must not be able to change the machine it runs on',
      ],
      [service('command: again'), '4:5 this key is here twice'],
      [service('build: {contxt: .}'), '4:13 unknown key "contxt" (did you mean "context"?)'],
      [service('deploy: {resources: {limits: {cpu: 1}}}'), '4:35 unknown key "cpu" (did you mean "cpus"?)'],
      [
        'include: [a.yaml]\nservices: {web: {command: run}}',
        '1:1 "include" is not supported: use `extends` with a `file`, or YAML anchors',
      ],
    ])('%j', (text, fault) => expect(places(faults(text))).toContain(fault))

    it('ignores x- keys anywhere', () => {
      expect(
        parse(`x-top: {a: 1}\n${service('x-note: anything\ndeploy: {x-y: 1}\nhealthcheck: {test: a, x-z: 2}')}\nvolumes: {x-v: 1}`)
          .warnings,
      ).toMatchObject([{ path: 'x-standin.publish' }])
    })

    it.each([
      ['container_name: shop', '"container_name" is ignored'],
      ['networks: [front]', '"networks" is ignored'],
      ['ports: ["80:8080"]', 'host port "80" is ignored'],
      ['ports: [{target: 80, published: 8080}]', '"published" is ignored'],
      ['ports: ["53:53/udp"]', 'UDP ports are ignored'],
      ['build: {context: ., dockerfile: D}', '"dockerfile" is ignored'],
      ['build: .\nimage: shop', '"image" is ignored beside "build"'],
      ['volumes: [/cache]', 'an anonymous volume: it is kept as "web-cache"'],
      ['environment: {A: $NONE}', 'the variable NONE is not set'],
      ['build: .\nworking_dir: /app', 'there is no folder "app" in the context "."'],
    ])('%j is ignored with a warning', (lines, message) => {
      const { warnings } = parse(service(lines))
      expect(warnings.map((warning) => warning.message).join('\n')).toContain(message)
      expect(warnings.every((warning) => warning.file === 'compose.yaml' && (warning.line ?? 0) >= 1 && (warning.column ?? 0) >= 1)).toBe(
        true,
      )
    })
  })

  describe('command', () => {
    it.each<[string, readonly string[]]>([
      ['command: a "b c"', ['a', 'b c']],
      ['command: [a, b c, 1]', ['a', 'b c', '1']],
      ['entrypoint: a b\ncommand: [c]', ['a', 'b', 'c']],
      ['entrypoint: [a]', ['a']],
      ['command: echo $$HOME', ['echo', '$HOME']],
      ['command: run ${STANDIN_ADDRESS}:80', ['run', '${STANDIN_ADDRESS}:80']],
    ])('%j', (lines, command) => {
      expect(host(parse(`services:\n  web:\n${lines.replace(/^/gm, '    ')}`).stack, 'web').command).toEqual(command)
    })

    it.each([
      ['services: {web: {expose: [80]}}', 'needs a "command" or an "entrypoint"'],
      ['services: {web: {command: a && b}}', '"&" needs a shell'],
      ['services: {web: {image: nginx}}', '"image" of "web" can not run on the provider "process"'],
    ])('%j is one fault', (text, message) => {
      const list = faults(text)
      expect(list).toHaveLength(1)
      expect(list[0]?.message).toContain(message)
    })
  })

  describe('environment', () => {
    it.each<[string, Record<string, string>]>([
      ['environment: {A: 1, B: true, C: x, D: "", E: 1.5}', { A: '1', B: 'true', C: 'x', D: '', E: '1.5' }],
      ['environment: [A=1, B=a=b, C=]', { A: '1', B: 'a=b', C: '' }],
      ['environment: {SHELLED: , NONE: }', { SHELLED: 'yes' }],
      ['environment: [SHELLED, NONE]', { SHELLED: 'yes' }],
      ['env_file: a.env', { A: 'file', B: 'yes' }],
      ['env_file: [a.env, b.env]\nenvironment: {B: mine}', { A: 'later', B: 'mine' }],
      ['env_file: [{path: none.env, required: false}]', {}],
      ['env_file: {path: raw.env, format: raw}', { R: '"$A"' }],
      ['environment: {A: "${FROM_DOTENV}", B: "${SHELLED}"}', { A: 'dot', B: 'yes' }],
      ['environment: {A: "010", B: 010, N: "${NUMBER}"}', { A: '010', B: '010', N: '1.10' }],
    ])('%j', (lines, environment) => {
      const files = {
        'a.env': 'A=file\nB=$SHELLED',
        'b.env': 'A=later',
        'raw.env': 'R="$A"',
        '.env': 'FROM_DOTENV=dot\nSHELLED=no\nNUMBER=1.10',
      }
      expect(web(lines, { files, environment: { SHELLED: 'yes' } }).environment).toEqual(environment)
    })

    it('points into the env file that is wrong', () => {
      expect(places(faults(service('env_file: [a.env, none.env, ../b.env]'), { files: { 'a.env': 'A=1\noh no' } }))).toEqual(
        [
          'a.env:2:1 this is not NAME=value',
          '4:23 the env_file "none.env" can not be read: there is no such file',
          '4:33 "../b.env" leads out of the blueprint\'s folder',
        ].toSorted((a, b) => (a.startsWith('a.env') ? -1 : b.startsWith('a.env') ? 1 : 0)),
      )
    })

    it('tells which variables of the builder were used', () => {
      const { variables } = parse(service('environment: {A: "$USED", B: "${OTHER:-x}", INHERITED: }'), {
        environment: { USED: '1', INHERITED: '2', UNUSED: '3', STANDIN_TOKEN: '4' },
      })
      expect(variables).toEqual({ USED: '1', INHERITED: '2' })
    })

    it('never fills STANDIN_ variables in', () => {
      expect(web('environment: {A: $STANDIN_HOST}', { environment: { STANDIN_HOST: 'leak' } }).environment).toEqual({
        A: '${STANDIN_HOST}',
      })
    })

    it('reports a required variable at its value', () => {
      expect(places(faults(service('environment:\n  A: "${KEY:?set KEY}"')))).toEqual([
        '5:10 the variable KEY is needed but not set: set KEY',
      ])
    })
  })

  describe('ports', () => {
    it.each<[string, readonly number[]]>([
      ['ports: [80, "81"]', [80, 81]],
      ['ports: ["8080:80", "127.0.0.1:9000:90", "[::1]:1:2"]', [80, 90, 2]],
      ['ports: ["3000-3002"]', [3000, 3001, 3002]],
      ['ports: ["80/tcp", "53/udp"]', [80]],
      ['ports: [{target: 80}, {target: "81", protocol: tcp}]', [80, 81]],
      ['ports: [80]\nexpose: [80, "90", "100-101"]', [80, 90, 100, 101]],
      ['ports: ["${PORT:-8080}"]', [8080]],
    ])('%j', (lines, ports) => expect(web(lines).ports).toEqual(ports))

    it.each([
      'ports: [0]',
      'ports: [65536]',
      'ports: [abc]',
      'ports: ["80-70"]',
      'ports: ["80/sctp"]',
      'ports: [{published: 1}]',
      'expose: ["1:2"]',
      'ports: 80',
      'ports: [{target: 80, protocol: x}]',
    ])('refuses %j', (lines) => expect(faults(service(lines)).length).toBeGreaterThan(0))
  })

  describe('volumes', () => {
    const files = { 'conf/app.conf': 'x', 'deploy/other.yaml': '' }
    const mounts = (lines: string) => host(parse(`${service(lines)}volumes: {data: , db_data: }`, { files }).stack, 'web').mounts
    it.each<[string, HostSpec['mounts']]>([
      ['volumes: [data:/data]', [{ kind: 'volume', source: 'data', target: '/data', readOnly: false }]],
      ['volumes: [data:var/data/:ro]', [{ kind: 'volume', source: 'data', target: '/var/data', readOnly: true }]],
      ['volumes: [db_data:/d]', [{ kind: 'volume', source: 'db-data', target: '/d', readOnly: false }]],
      ['volumes: [./conf:/etc/app:ro]', [{ kind: 'bind', source: 'conf', target: '/etc/app', readOnly: true }]],
      [
        'volumes: ["./conf/app.conf:/etc/app.conf:ro,z"]',
        [{ kind: 'bind', source: 'conf/app.conf', target: '/etc/app.conf', readOnly: true }],
      ],
      [
        'volumes: [{type: bind, source: conf, target: /c, read_only: true}]',
        [{ kind: 'bind', source: 'conf', target: '/c', readOnly: true }],
      ],
      ['volumes: [{type: volume, source: data, target: /d}]', [{ kind: 'volume', source: 'data', target: '/d', readOnly: false }]],
      ['volumes: [{type: tmpfs, target: /t}]', []],
    ])('%j', (lines, expected) => expect(mounts(lines)).toEqual(expected))

    it.each([
      ['volumes: [./conf:/c]', 'is writable and what is written there could not be cloned'],
      ['volumes: [{type: bind, source: ./conf, target: /c}]', 'is writable'],
      ['volumes: [/etc:/e:ro]', 'is not in the blueprint'],
      ['volumes: [~/x:/e:ro]', 'is not in the blueprint'],
      ['volumes: [../x:/e:ro]', "leads out of the blueprint's folder"],
      ['volumes: [./a/../../x:/e:ro]', "leads out of the blueprint's folder"],
      ['volumes: [./none:/e:ro]', 'there is no file or folder "none" to bind'],
      ['volumes: [dta:/d]', 'the volume "dta" is not declared (did you mean "data"?)'],
      ['volumes: [data:/d, data:/d/]', 'has two volumes'],
      ['volumes: [data:../../etc]', "leads out of the host's directory"],
      ['volumes: [data:/]', 'a volume needs a place of its own'],
      ['volumes: [data:/d:rox]', '"rox" is no mode of a volume'],
      ['volumes: [{source: data, target: /d}]', 'needs a "type"'],
      ['volumes: [{type: npipe, source: a, target: /d}]', 'of type npipe is not supported'],
      ['volumes: [{type: volme, source: a, target: /d}]', '(did you mean "volume"?)'],
    ])('refuses %j', (lines, message) => {
      const list = faults(`${service(lines)}volumes: {data: }`, { files })
      expect(list.map((fault) => fault.message).join('\n')).toContain(message)
      expect(list[0]).toMatchObject({ file: 'compose.yaml', line: 4 })
    })

    it('refuses a volume from outside', () => {
      expect(faults(`${service('')}volumes: {data: {external: true}}`)[0]?.message).toContain(
        'the data of a clone has to be in the template',
      )
    })
  })

  describe('healthcheck', () => {
    it.each<[string, Partial<HostSpec['healthCheck']> | null]>([
      [
        'healthcheck: {test: curl -f x}',
        { exec: 'curl -f x', intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 30_000, startIntervalMs: 250 },
      ],
      [
        'healthcheck: {test: [CMD-SHELL, curl x || exit 1], interval: 2s, timeout: 1s, retries: 5, start_period: 1m, start_interval: 1s}',
        { exec: 'curl x || exit 1', intervalMs: 2000, timeoutMs: 1000, retries: 5, startPeriodMs: 60_000, startIntervalMs: 1000 },
      ],
      ['healthcheck: {test: [CMD, curl, x]}', { exec: ['curl', 'x'] }],
      ['healthcheck: {test: [NONE]}\nexpose: [80]', null],
      ['healthcheck: {disable: true}\nexpose: [80]', null],
      ['healthcheck: {x-http: {port: 80, path: /h}}', { http: { port: 80, path: '/h' }, exec: null, tcp: null }],
      ['healthcheck: {x-http: {path: /h}}\nexpose: [81]', { http: { port: 81, path: '/h' } }],
      ['healthcheck: {interval: 1s}\nexpose: [81]', { tcp: { port: 81 }, intervalMs: 1000, startPeriodMs: 1000, startIntervalMs: 50 }],
      ['expose: [81, 82]', { tcp: { port: 81 } }],
      ['stop_signal: INT', null],
    ])('%j', (lines, check) => {
      const { healthCheck } = web(lines)
      if (check === null) expect(healthCheck).toBeNull()
      else expect(healthCheck).toMatchObject(check)
    })

    it('looks at a published port that is not exposed', () => {
      const { stack } = parse(`${service('')}x-standin: {publish: {www: web:9000}}`)
      expect(host(stack, 'web')).toMatchObject({ ports: [9000], healthCheck: { tcp: { port: 9000 } } })
    })

    it.each([
      '{test: []}',
      '{test: [curl, x]}',
      '{test: [CMD]}',
      '{test: [CMD-SHELL, a, b]}',
      '{test: ""}',
      '{x-http: {path: /}}',
      '{x-http: {port: 80, path: h}}',
      '{test: a, x-http: {port: 80}}',
      '{test: a, interval: 5}',
      '{test: a, retries: -1}',
      '{test: a, disable: 3}',
    ])('refuses %s', (text) => expect(faults(service(`healthcheck: ${text}`)).length).toBeGreaterThan(0))
  })

  describe('the rest of a service', () => {
    it.each<[string, Partial<HostSpec>]>([
      ['deploy: {replicas: 3}', { replicas: 3 }],
      ['scale: 0', { replicas: 0 }],
      ['scale: "${N:-2}"', { replicas: 2 }],
      ['scale: ${N:-2}', { replicas: 2 }],
      ['restart: always', { restart: { policy: 'always', maxRetries: null } }],
      ['restart: "no"', { restart: { policy: 'no', maxRetries: null } }],
      ['restart: no', { restart: { policy: 'no', maxRetries: null } }],
      ['restart: false', { restart: { policy: 'no', maxRetries: null } }],
      ['restart: on-failure:3', { restart: { policy: 'on-failure', maxRetries: 3 } }],
      ['restart: unless-stopped', { restart: { policy: 'unless-stopped', maxRetries: null } }],
      ['deploy: {restart_policy: {condition: on-failure, max_attempts: 4}}', { restart: { policy: 'on-failure', maxRetries: 4 } }],
      ['stop_signal: sigint', { stopSignal: 'SIGINT' }],
      ['stop_signal: 3', { stopSignal: 'SIGQUIT' }],
      ['stop_grace_period: 1m30s', { stopGraceMs: 90_000 }],
      ['deploy: {resources: {limits: {cpus: "0.5", memory: 512M}}}', { resources: { cpus: 0.5, memoryBytes: 536_870_912 } }],
      ['cpus: 2\nmem_limit: 1g', { resources: { cpus: 2, memoryBytes: 1_073_741_824 } }],
      ['working_dir: /srv/app/', { workingDir: 'srv/app' }],
      ['build: .', { context: { path: '.', ignore: [] } }],
      ['build: ./app/', { context: { path: 'app', ignore: ['node_modules', '!x'] } }],
      ['build: {context: app}', { context: { path: 'app', ignore: ['node_modules', '!x'] } }],
    ])('%j', (lines, expected) => {
      expect(web(lines, { files: { 'app/index.js': '', 'app/.dockerignore': '# c\nnode_modules\n\n!x\n' } })).toMatchObject(expected)
    })

    it.each([
      ['deploy: {replicas: 101}', 'a whole number from 0 to 100'],
      ['deploy: {replicas: 2}\nscale: 3', 'say it once'],
      ['deploy: {mode: global}', 'the mode "global" is not supported'],
      ['restart: allways', 'is not one of no, always'],
      ['restart: always:3', 'is not one of no, always'],
      ['stop_signal: SIGNOPE', 'is not a signal'],
      ['stop_grace_period: 10', 'is not a duration'],
      ['mem_limit: lots', 'is not a size'],
      ['cpus: many', 'is not a number of cores'],
      ['working_dir: ../..', "leads out of the host's directory"],
      ['build: ./none', 'there is no folder "none"'],
      ['build: ../other', "leads out of the blueprint's folder"],
      ['build: https://github.com/a/b.git', 'is remote'],
      ['build: git@github.com:a/b.git', 'is remote'],
      ['build: app/index.js', 'is a file; a build context is a folder'],
      ['volumes: {a: b}', 'is not a list'],
      ['environment: [[a]]', 'is not a string'],
    ])('refuses %j', (lines, message) => {
      expect(
        faults(service(lines), { files: { 'app/index.js': '' } })
          .map((fault) => fault.message)
          .join('\n'),
      ).toContain(message)
    })
  })

  describe('secrets', () => {
    const text = (lines: string, top = '{key: {file: ./secret/key.txt}, token: {environment: API_TOKEN}}') =>
      `${service(lines)}secrets: ${top}`
    const extra = { files: { 'secret/key.txt': 'hunter2' }, environment: { API_TOKEN: 'hunter3' } }

    it('are named, and their contents are nowhere in the stack', () => {
      const { stack, inputs } = parse(
        text('build: .\nsecrets: [key, {source: token, target: api}, {source: key, target: /etc/key}]'),
        extra,
      )
      expect(stack.secrets).toEqual([
        { name: 'key', file: 'secret/key.txt', environment: null },
        { name: 'token', file: null, environment: 'API_TOKEN' },
      ])
      expect(host(stack, 'web').secrets).toEqual([
        { name: 'key', target: '/run/secrets/key' },
        { name: 'token', target: '/run/secrets/api' },
        { name: 'key', target: '/etc/key' },
      ])
      expect(JSON.stringify(stack)).not.toMatch(/hunter/)
      expect(inputs.map((input) => input.path)).toContain('secret/key.txt')
      expect(host(stack, 'web').context?.ignore).toEqual(['secret/key.txt'])
    })

    it.each([
      [text('secrets: [kye]'), '4:15 the secret "kye" is not declared (did you mean "key"?); add it below the top-level "secrets"'],
      [text('', '{key: {file: none}}'), '5:23 there is no file "none"'],
      [text('', '{key: {file: ../x}}'), '5:23 "../x" leads out of the blueprint\'s folder'],
      [text('', '{key: {}}'), '5:11 a secret comes from a "file" or from an "environment" variable: exactly one of them'],
      [text('', '{key: {environment: UNSET}}'), '5:30 the variable UNSET of the secret "key" is not set'],
      [
        text('', '{key: {external: true, file: secret/key.txt}}'),
        '5:17 "external" is not supported: a template has to bring its secrets along; use `file` or `environment`',
      ],
    ])('%#', (blueprint, fault) => expect(places(faults(blueprint, extra))).toContain(fault))
  })

  describe('depends_on', () => {
    const two = (clause: string, db = 'expose: [5432]') =>
      `services:\n  web:\n    command: run\n    depends_on: ${clause}\n  db:\n    command: run\n    ${db}\n`
    it.each<[string, HostSpec['dependsOn']]>([
      ['[db]', [{ host: 'db', condition: 'service_started', required: true, restart: false }]],
      ['{db: {condition: service_healthy, restart: true}}', [{ host: 'db', condition: 'service_healthy', required: true, restart: true }]],
      [
        '{db: {condition: service_completed_successfully, required: false}}',
        [{ host: 'db', condition: 'service_completed_successfully', required: false, restart: false }],
      ],
    ])('%s', (clause, expected) => expect(host(parse(two(clause)).stack, 'web').dependsOn).toEqual(expected))

    it.each([
      [two('[bd]'), '4:18 "web" depends on "bd", which is no service (did you mean "db"?)'],
      [two('{db: {condition: healthy}}'), '4:34 "healthy" is not one of service_started, service_healthy, service_completed_successfully'],
      [
        two('{db: {condition: service_healthy}}', 'restart: always'),
        '4:18 "web" waits until "db" is healthy, but that has no health check and no port',
      ],
      [
        two('{db: {condition: service_completed_successfully}}', 'restart: always'),
        '4:18 "web" waits until "db" has completed, but its restart policy "always" never lets it',
      ],
      [two('[db]', 'depends_on: [web]'), '4:18 services depend on each other in a circle: web → db → web'],
      [two('[web]'), '4:18 services depend on each other in a circle: web → web'],
      [
        two('[db]', 'profiles: [debug]'),
        '4:18 "web" depends on "db", whose profiles are not active; set COMPOSE_PROFILES, or say required: false',
      ],
    ])('%#', (text, fault) => expect(places(faults(text))).toContain(fault))

    it('tells a circle once', () => {
      const text = 'services:\n  a: {command: x, depends_on: [c]}\n  b: {command: x, depends_on: [a]}\n  c: {command: x, depends_on: [b]}\n'
      expect(places(faults(text))).toEqual(['2:32 services depend on each other in a circle: a → c → b → a'])
    })
  })

  describe('profiles', () => {
    const text =
      'services:\n  web: {command: x, depends_on: {debug: {condition: service_started, required: false}}}\n  debug: {command: x, profiles: [debug, dev]}\n'
    it.each<[Record<string, string>, readonly string[], number]>([
      [{}, ['web'], 0],
      [{ COMPOSE_PROFILES: 'other,dev' }, ['web', 'debug'], 1],
      [{ COMPOSE_PROFILES: '*' }, ['web', 'debug'], 1],
    ])('%j: %j', (environment, names, dependencies) => {
      const { stack } = parse(text, { environment })
      expect(stack.hosts.map(({ name }) => name)).toEqual(names)
      expect(host(stack, 'web').dependsOn).toHaveLength(dependencies)
    })
  })

  describe('extends, anchors and merge keys', () => {
    it('merges a service of the same file', () => {
      const { stack } = parse(
        `services:
  base:
    command: base
    environment: [A=1, B=2]
    expose: [80]
    volumes: [data:/d, data:/e]
    depends_on: [db]
    build: app
    healthcheck: {test: [CMD, base], interval: 1s}
  db: {command: db}
  web:
    extends: base
    command: [mine]
    environment: {B: 3, C: 4}
    expose: [81]
    volumes: [data:/d:ro]
    depends_on: {db: {condition: service_completed_successfully}}
    healthcheck: {test: mine}
volumes: {data: }
`,
        { files: { 'app/x': '' } },
      )
      expect(host(stack, 'web')).toMatchObject({
        command: ['mine'],
        environment: { A: '1', B: '3', C: '4' },
        ports: [80, 81],
        mounts: [{ target: '/e' }, { target: '/d', readOnly: true }],
        dependsOn: [{ host: 'db', condition: 'service_completed_successfully' }],
        context: { path: 'app' },
        healthCheck: { exec: 'mine', intervalMs: 1000 },
      })
    })

    it('merges a service of another file, whose paths are relative to that file', () => {
      const files = {
        'common/base.yaml':
          'services:\n  base:\n    extends: {service: root}\n    build: ./app\n    env_file: x.env\n  root: {command: run, stop_signal: SIGINT}\n',
        'common/app/index.js': '',
        'common/x.env': 'X=1',
      }
      const { stack, inputs } = parse('services:\n  web:\n    extends: {file: common/base.yaml, service: base}\n', { files })
      expect(host(stack, 'web')).toMatchObject({
        command: ['run'],
        context: { path: 'common/app' },
        environment: { X: '1' },
        stopSignal: 'SIGINT',
      })
      expect(inputs.map((input) => input.path).toSorted()).toEqual(['common/app', 'common/base.yaml', 'common/x.env', 'compose.yaml'])
    })

    it('points into the file that is wrong', () => {
      const files = { 'base.yaml': 'services:\n  base:\n    restart: sometimes\n' }
      expect(places(faults(service('extends: {file: base.yaml, service: base}'), { files }))[0]).toContain('base.yaml:3:14 "sometimes"')
    })

    it('knows !reset and !override', () => {
      const { stack } = parse(
        'services:\n  base: {command: x, expose: [1], environment: {A: 1}, stop_signal: SIGINT}\n  web: {extends: base, expose: !override [2], stop_signal: !reset null}\n',
      )
      expect(host(stack, 'web')).toMatchObject({ ports: [2], environment: { A: '1' }, stopSignal: 'SIGTERM' })
    })

    it.each([
      [service('extends: bse'), '4:14 there is no service "bse" in compose.yaml'],
      [service('extends: {file: none.yaml, service: a}'), '4:21 there is no file "none.yaml"'],
      [service('extends: {file: ../a.yaml, service: a}'), '4:21 "../a.yaml" leads out of the blueprint\'s folder'],
      [service('extends: {}'), '4:14 "extends" needs a "service"'],
      ['services:\n  a: {extends: b}\n  b: {extends: a}\n', '3:16 services extend each other in a circle: a → b → a'],
    ])('refuses %j', (text, fault) => expect(places(faults(text))).toContain(fault))

    it('resolves anchors and merge keys', () => {
      const { stack } = parse(`x-env: &env {A: 1, B: 2}
x-more: &more {B: 9, C: 3}
services:
  web:
    command: run
    environment:
      <<: [*env, *more]
      A: mine
  api:
    command: run
    environment: *env
`)
      expect(host(stack, 'web').environment).toEqual({ A: 'mine', B: '2', C: '3' })
      expect(host(stack, 'api').environment).toEqual({ A: '1', B: '2' })
    })

    it('refuses anchors that grow without end', () => {
      const bomb = `x-a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'
        .split('')
        .map((name, index) => `x-${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n${service('')}`
      expect(faults(bomb)[0]?.message).toContain('too many values')
      expect(faults(`x-a: &a {b: *a}\n${service('')}`)[0]?.message).toMatch(/too many values|anchor/)
    })
  })

  describe('x-standin', () => {
    const shop = (block: string) =>
      `services:\n  web: {command: run, expose: [8080]}\n  db: {command: run, expose: [5432]}\nx-standin:\n${block.replace(/^(?=.)/gm, '  ')}\n`

    it('tells clones that are never suspended for being idle from those of which it says nothing', () => {
      expect(parse(shop('suspendAfter: never')).stack.suspendAfterMs).toBe(0)
      expect(parse(shop('labels: {}')).stack.suspendAfterMs).toBeNull()
    })

    it('knows what to ask before a clone is suspended, and that it is there', () => {
      expect(parse(shop('publish: {www: web}\nbusy: /busy?by=standin')).stack.busy).toEqual({ service: 'www', path: '/busy?by=standin' })
      expect(parse(shop('publish: {sql: db}\nbusy: sql/busy')).stack.busy).toEqual({ service: 'sql', path: '/busy' })
      expect(parse(shop('labels: {}')).stack).not.toHaveProperty('busy')
      const alone = 'services: {web: {command: run, expose: [8080]}}\nx-standin: {busy: /busy}'
      expect(parse(alone).stack.busy).toEqual({ service: 'www', path: '/busy' })
    })

    it('reads everything', () => {
      const { stack } = parse(
        shop(`publish: {www: web, sql: db:5433}
suspendAfter: 2h
labels: {team: a, tier: 1}
phases:
  provision: [{name: install, host: web, run: npm ci, timeout: 1m, environment: {A: 1}}]
  bootstrap: [{host: db, run: [createdb, shop]}]
fixtures:
  - {name: users, csv: f/users.csv, columns: {id: {required: true, unique: true, pattern: "[0-9]+"}, note: }, load: {host: db, run: load}}
  - {name: orders, command: print, host: db, columns: [id, {name: total, required: true}], load: {name: put, host: db, run: [load]}}
checks:
  - {name: a, http: {url: "http://web:8080/health?x=1", status: 204, contains: ok}}
  - {name: b, host: web, http: /health}
  - {name: c, http: "http://db/"}
  - {name: d, host: db, run: verify, timeout: 5s}
launch: [{host: web, run: neutralise, needs: [db, db]}]`),
        { files: { 'f/users.csv': '' } },
      )
      expect(stack.publish).toEqual([
        { service: 'www', host: 'web', port: 8080 },
        { service: 'sql', host: 'db', port: 5433 },
      ])
      expect(stack.suspendAfterMs).toBe(7_200_000)
      expect(stack.labels).toEqual({ team: 'a', tier: '1' })
      expect(stack.phases).toEqual({
        provision: [{ name: 'install', host: 'web', run: 'npm ci', environment: { A: '1' }, needs: [], timeoutMs: 60_000 }],
        bootstrap: [{ name: 'createdb shop', host: 'db', run: ['createdb', 'shop'], environment: {}, needs: [], timeoutMs: 300_000 }],
        configure: [],
      })
      expect(stack.fixtures).toMatchObject([
        {
          name: 'users',
          csv: 'f/users.csv',
          command: null,
          host: null,
          columns: [
            { name: 'id', required: true, unique: true, pattern: '[0-9]+' },
            { name: 'note', required: false, unique: false, pattern: null },
          ],
          loader: { name: 'load users', host: 'db' },
        },
        {
          name: 'orders',
          csv: null,
          command: 'print',
          host: 'db',
          columns: [{ name: 'id' }, { name: 'total', required: true }],
          loader: { name: 'put' },
        },
      ])
      expect(stack.checks).toEqual([
        { name: 'a', host: 'web', run: null, http: { port: 8080, path: '/health?x=1', status: 204, contains: 'ok' }, timeoutMs: 30_000 },
        { name: 'b', host: 'web', run: null, http: { port: 8080, path: '/health', status: 200, contains: null }, timeoutMs: 30_000 },
        { name: 'c', host: 'db', run: null, http: { port: 80, path: '/', status: 200, contains: null }, timeoutMs: 30_000 },
        { name: 'd', host: 'db', run: 'verify', http: null, timeoutMs: 5000 },
      ])
      expect(stack.launch).toMatchObject([{ name: 'neutralise', needs: ['db'] }])
      expect(host(stack, 'db').ports).toEqual([5432, 5433])
    })

    it.each([
      ['publsh: {}', '5:3 unknown key "publsh" (did you mean "publish"?)'],
      ['publish: {www: wbe}', '5:18 there is no host "wbe" (did you mean "web"?); there are web, db'],
      ['publish: {WWW: web}', '5:13 "WWW" is not a DNS label: lower-case letters, digits and hyphens, 63 at most'],
      ['publish: {www: "web:99999"}', '5:18 99999 is no port'],
      ['publish: {www: "http://web"}', '5:18 "http://web" is not host:port, such as web:8080'],
      ['publish: {www: web, www: db}', '5:23 this key is here twice'],
      ['phases: {provision: [{host: web}]}', '5:24 "run" is missing'],
      ['phases: {provision: [{host: nope, run: x}]}', '5:31 there is no host "nope"; there are web, db'],
      ['phases: {build: []}', '5:12 unknown key "build"'],
      ['launch: [{host: web, run: x, needs: [bd]}]', '5:40 there is no host "bd" (did you mean "db"?); there are web, db'],
      ['phases: {provision: [{host: web, run: x, needs: [db]}]}', '5:44 unknown key "needs"'],
      ['phases: {provision: [{host: web, run: [], timeout: 5}]}', '5:41 the list is empty'],
      ['busy: busy', '5:9 "busy" is not a path, such as /busy, or api/busy for a service'],
      ['busy: "http://web/busy"', '5:9 "http://web/busy" is not a path, such as /busy, or api/busy for a service'],
      ['busy: "/is busy"', '5:9 "/is busy" is not a path, such as /busy, or api/busy for a service'],
      ['busy: /busy', '5:9 there is no published service "www"; there are none'],
      ['{publish: {www: web}, busy: wwww/busy}', '5:31 there is no published service "wwww" (did you mean "www"?); there is www'],
      ['suspendAfter: 120', '5:17 "120" is not a duration with a unit, such as 90s or 2h'],
      [
        'fixtures: [{name: a, load: {host: db, run: x}}]',
        '5:14 a fixture comes from a "csv" file or from a "command": exactly one of them',
      ],
      ['fixtures: [{name: a, command: x, load: {host: db, run: x}}]', '5:14 a "command" needs a "host" to run on'],
      ['fixtures: [{name: a, csv: none.csv, load: {host: db, run: x}}]', '5:29 there is no file "none.csv"'],
      ['fixtures: [{name: a, csv: ../x.csv, load: {host: db, run: x}}]', '5:29 "../x.csv" leads out of the blueprint\'s folder'],
      [
        'fixtures: [{name: a, command: x, host: db, columns: {id: {pattern: "["}}, load: {host: db, run: x}}]',
        '5:70 "[" is no regular expression',
      ],
      ['checks: [{name: a}]', '5:12 a check has a "run" or an "http": exactly one of them'],
      ['checks: [{name: a, http: {status: 200}}]', '5:28 say which host to ask: "host", or a "url" such as http://web:8080/health'],
      ['checks: [{name: a, http: "https://web/"}]', '5:28 "https://web/" is no address to ask; write http://web:8080/health'],
      ['checks: [{name: a, http: {url: "http://wbe:1/"}}]', '5:34 there is no host "wbe" (did you mean "web"?); there are web, db'],
      ['checks: [{name: a, http: {url: "http://web:1/", status: 99}}]', '5:59 "99" is not a whole number from 100 to 599'],
      ['checks: [{name: a, host: db, run: x}, {name: a, host: db, run: x}]', '5:48 the name "a" is here twice'],
      ['labels: [a]', '5:11 a list is not a mapping'],
    ])('%s', (block, fault) => expect(places(faults(shop(block), { files: {} }))).toContain(fault))

    it('publishes nothing by itself where two hosts have ports, and says so', () => {
      const { stack, warnings } = parse(shop('labels: {}'))
      expect(stack.publish).toEqual([])
      expect(warnings[0]?.message).toBe('nothing is published: web, db have ports; say which with x-standin: {publish: {www: host:port}}')
    })
  })

  it('reports every fault at once, in the order of the file', () => {
    const list = faults(
      'name: A_B\nservices:\n  web: {image: nginx, ports: [x], restart: maybe}\n  api: {command: run, depends_on: [nope], volumes: ["./d:/d"]}\nx-standin: {launch: 1}\n',
    )
    expect(list.map((fault) => `${fault.line}:${fault.path}`)).toEqual([
      '1:name',
      '3:services.web.image',
      '3:services.web.ports.0',
      '3:services.web.restart',
      '4:services.api.depends_on.0',
      '4:services.api.volumes.0',
      '5:x-standin.launch',
    ])
  })

  it.each([
    ['', 'the file is empty'],
    ['- a\n- b', 'a blueprint is a mapping'],
    ['a: [', 'this is no YAML'],
    ['services: {web: {command: run}}\n---\nservices: {}', 'more than one YAML document'],
    ['name: x', '"services" is missing'],
    ['services: {}', 'there is no service'],
    ['services: []', 'a list is not a mapping'],
    ['services: {web: }', 'the service "web" is empty'],
    ['services: {web: 1}', '"1" is not a mapping'],
    ['services: {web: *nope}', 'no anchor "nope"'],
    ['services: {web: {command: run, profiles: [a]}}', 'every service has a profile and none is active'],
    ['services: {web: {<<: 1, command: run}}', '"<<" takes a mapping'],
    ['? [a]\n: 1\nservices: {web: {command: run}}', 'a key is a plain string'],
  ])('refuses %j', (text, message) => {
    expect(
      faults(text)
        .map((fault) => fault.message)
        .join('\n'),
    ).toContain(message)
  })

  it('says where a blueprint was looked for', () => {
    expect(() => parseBlueprint({ files: { 'README.md': '' } })).toThrow('there is no compose.yaml in the blueprint')
    expect(() => parseBlueprint({ files: {}, file: '../compose.yaml' })).toThrow('no file of the blueprint')
    expect(() => parseBlueprint({ dir: '/nonexistent/folder' })).toThrow('there is no folder /nonexistent/folder')
    expect(parseBlueprint({ files: { 'docker-compose.yml': 'services: {web: {command: run}}' }, defaultName: 'a' }).file).toBe(
      'docker-compose.yml',
    )
  })

  describe('whatever it is given', () => {
    const words = [
      'services',
      'web',
      'command',
      'build',
      'ports',
      'volumes',
      'x-standin',
      'publish',
      'depends_on',
      'extends',
      'healthcheck',
      'test',
      'launch',
      'deploy',
      'environment',
      'env_file',
      'secrets',
      'checks',
      'fixtures',
      'phases',
      'http',
      'columns',
      '__proto__',
      'constructor',
      'toString',
    ]
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(null, true, -1, 80, 1.5, '', '$', '${A', '${A:-b}', '../..', '/x', 'web', 'a:b:c', '10s', '\u0000'),
      fc.string(),
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('tree'), { maxKeys: 5 }),
      ),
    }))
    const isFine = (text: string) => {
      try {
        parse(text)
      } catch (error) {
        if (!(error instanceof StandinError) || error.code !== 'blueprint_invalid') throw error
        expect((error.errors ?? []).every((fault) => (fault.line ?? 0) >= 1 && (fault.column ?? 0) >= 1 && fault.file !== undefined)).toBe(
          true,
        )
      }
    }

    it('throws nothing but blueprint_invalid for any text', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc
              .array(fc.constantFrom(...words, ': ', '\n', '  ', '- ', '{', '}', '[', ']', '&a ', '*a', '<<: ', '"', '!reset ', '|', '? '))
              .map((parts) => parts.join('')),
          ),
          isFine,
        ),
      )
    })

    it('throws nothing but blueprint_invalid for any tree', () => {
      fc.assert(fc.property(tree, (value) => isFine(JSON.stringify({ services: { web: { command: 'run' } }, ...(value as object) }))))
      fc.assert(fc.property(tree, (value) => isFine(JSON.stringify({ services: { web: value, api: { command: 'run' } } }))))
      fc.assert(
        fc.property(
          fc.constantFrom(
            'ports',
            'volumes',
            'healthcheck',
            'depends_on',
            'extends',
            'deploy',
            'build',
            'secrets',
            'env_file',
            'environment',
            'restart',
          ),
          tree,
          (key, value) => isFine(JSON.stringify({ services: { web: { command: 'run', [key]: value } } })),
        ),
      )
      fc.assert(
        fc.property(
          fc.constantFrom('publish', 'phases', 'fixtures', 'checks', 'launch', 'labels', 'suspendAfter', 'busy'),
          tree,
          (key, value) => isFine(JSON.stringify({ services: { web: { command: 'run' } }, 'x-standin': { [key]: value } })),
        ),
      )
    })
  })
})
