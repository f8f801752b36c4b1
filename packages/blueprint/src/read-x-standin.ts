import { posix } from 'node:path'
import type { Check, Command, Fixture, HostSpec, Stack, Step } from '@standin/client'
import { blueprintPath } from './blueprint-files.ts'
import { type Located, nodeAt } from './located.ts'
import { parseDuration } from './quantities.ts'
import { readProbes, readPublish } from './read-publish.ts'
import type { Reading } from './reader.ts'
import { didYouMean } from './suggest.ts'
import { type JsonSchema, validateLocated } from './validate-located.ts'
import { type XCheck, type XFixture, type XLaunchStep, XStandin, type XStep } from './x-standin-schema.ts'

export type StandinPart = Pick<
  Stack,
  'publish' | 'probes' | 'phases' | 'fixtures' | 'checks' | 'launch' | 'suspendAfterMs' | 'busy' | 'labels'
> & {
  readonly name: string | undefined
}

const stepTimeoutMs = 5 * 60_000
const checkTimeoutMs = 30_000

/** The `x-standin` block; `hosts` are those that its steps may speak of. */
export function readXStandin(reading: Reading, node: Located, hosts: readonly HostSpec[]): StandinPart {
  const before = reading.faults.count
  const block = validateLocated(node, XStandin as JsonSchema, 'x-standin', reading.faults) as XStandin | undefined
  // What does not fit its schema can't be read further without inventing faults.
  if (block === undefined || reading.faults.count > before) return emptyStandinPart
  return new XStandinReader(reading, node, hosts).read(block)
}

export const emptyStandinPart: StandinPart = {
  name: undefined,
  publish: [],
  phases: { provision: [], bootstrap: [], configure: [] },
  fixtures: [],
  checks: [],
  launch: [],
  suspendAfterMs: null,
  labels: {},
}

class XStandinReader {
  readonly #reading: Reading
  readonly #node: Located
  readonly #hosts: readonly HostSpec[]

  constructor(reading: Reading, node: Located, hosts: readonly HostSpec[]) {
    this.#reading = reading
    this.#node = node
    this.#hosts = hosts
  }

  read(block: XStandin): StandinPart {
    const steps = (name: 'provision' | 'bootstrap' | 'configure') =>
      (block.phases?.[name] ?? []).map((step, index) => this.#step(step, `/phases/${name}/${index}`))
    const findHost = (name: string, pointer: string) => this.#host(name, pointer)
    const fault = (pointer: string, message: string) => this.#fault(pointer, message)
    const probes = readProbes(block.probes ?? [], fault)
    return {
      name: block.name,
      publish: Object.entries(block.publish ?? {}).flatMap(([service, entry]) => readPublish(service, entry, findHost, fault)),
      ...(probes.length === 0 ? {} : { probes }),
      phases: { provision: steps('provision'), bootstrap: steps('bootstrap'), configure: steps('configure') },
      fixtures: this.#unique(block.fixtures ?? [], '/fixtures').map((fixture, index) => this.#fixture(fixture, `/fixtures/${index}`)),
      checks: this.#unique(block.checks ?? [], '/checks').flatMap((check, index) => this.#check(check, `/checks/${index}`)),
      launch: (block.launch ?? []).map((step, index) => this.#step(step, `/launch/${index}`)),
      // 0 and nothing are two things: who says never does not want the idle time that the platform gives to all others.
      suspendAfterMs: block.suspendAfter === undefined ? null : block.suspendAfter === 'never' ? 0 : parseDuration(block.suspendAfter),
      ...(block.busy === undefined ? {} : { busy: readBusy(block.busy) }),
      labels: Object.fromEntries(Object.entries(block.labels ?? {}).map(([key, value]) => [key, String(value)])),
    }
  }

  #fault(pointer: string, message: string): void {
    const path = `x-standin${pointer.replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')}`
    this.#reading.faults.error(nodeAt(this.#node, pointer).at, path, message)
  }

  #host(name: string, pointer: string): HostSpec | undefined {
    const host = this.#hosts.find((candidate) => candidate.name === name)
    const names = this.#hosts.map((candidate) => candidate.name)
    if (host === undefined)
      this.#fault(
        pointer,
        `there is no host "${name}"${didYouMean(name, names)}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
      )
    return host
  }

  #duration(text: string | undefined, fallback: number, pointer: string): number {
    if (text === undefined) return fallback
    const value = parseDuration(text)
    if (value === null || value === 0) this.#fault(pointer, `"${text}" is no time that a step could take`)
    return value ?? fallback
  }

  #step(step: XStep | XLaunchStep, pointer: string): Step {
    this.#host(step.host, `${pointer}/host`)
    const needs = 'needs' in step ? (step.needs ?? []) : []
    for (const [index, name] of needs.entries()) {
      const host = this.#host(name, `${pointer}/needs/${index}`)
      if (host?.replicas === 0) this.#fault(`${pointer}/needs/${index}`, `the host "${name}" has no instance, so it is never up`)
    }
    return {
      name: step.name ?? shorten(step.run),
      host: step.host,
      run: step.run,
      environment: Object.fromEntries(Object.entries(step.environment ?? {}).map(([key, value]) => [key, String(value)])),
      needs: [...new Set(needs)],
      timeoutMs: this.#duration(step.timeout, stepTimeoutMs, `${pointer}/timeout`),
    }
  }

  #fixture(fixture: XFixture, pointer: string): Fixture {
    if ((fixture.csv === undefined) === (fixture.command === undefined)) {
      this.#fault(pointer, 'a fixture comes from a "csv" file or from a "command": exactly one of them')
    }
    if (fixture.command !== undefined && fixture.host === undefined) this.#fault(pointer, 'a "command" needs a "host" to run on')
    if (fixture.command === undefined && fixture.host !== undefined) this.#fault(`${pointer}/host`, 'a "host" goes with a "command"')
    if (fixture.host !== undefined) this.#host(fixture.host, `${pointer}/host`)
    const loader = this.#step(fixture.load, `${pointer}/load`)
    return {
      name: fixture.name,
      csv: fixture.csv === undefined ? null : this.#csv(fixture.csv, `${pointer}/csv`),
      command: fixture.command ?? null,
      host: fixture.host ?? null,
      columns: this.#columns(fixture.columns, `${pointer}/columns`),
      loader: fixture.load.name === undefined ? { ...loader, name: `load ${fixture.name}` } : loader,
    }
  }

  #csv(text: string, pointer: string): string {
    const resolved = blueprintPath(posix.dirname(nodeAt(this.#node, pointer).at.file), text)
    if ('error' in resolved) {
      this.#fault(pointer, resolved.error)
      return text
    }
    const kind = this.#reading.files.kind(resolved.path)
    if (kind === 'file') this.#reading.uses(resolved.path, 'file')
    else this.#fault(pointer, kind === 'outside' ? `"${text}" leads out of the blueprint's folder` : `there is no file "${resolved.path}"`)
    return resolved.path
  }

  #columns(columns: XFixture['columns'], pointer: string): Fixture['columns'] {
    const list = Array.isArray(columns)
      ? columns.map((column) => (typeof column === 'string' ? { name: column } : column))
      : Object.entries(columns ?? {}).map(([name, rules]) => ({ name, ...rules }))
    return list.map((column, index) => {
      const here = `${pointer}/${Array.isArray(columns) ? index : column.name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (list.findIndex((other) => other.name === column.name) !== index) this.#fault(here, `the column "${column.name}" is here twice`)
      if (column.pattern !== undefined && !isPattern(column.pattern))
        this.#fault(`${here}/pattern`, `"${column.pattern}" is no regular expression`)
      return { name: column.name, required: column.required ?? false, unique: column.unique ?? false, pattern: column.pattern ?? null }
    })
  }

  #check(check: XCheck, pointer: string): Check[] {
    const timeoutMs = this.#duration(check.timeout, checkTimeoutMs, `${pointer}/timeout`)
    if ((check.run === undefined) === (check.http === undefined)) {
      this.#fault(pointer, 'a check has a "run" or an "http": exactly one of them')
      return []
    }
    if (check.run !== undefined) {
      if (check.host === undefined) this.#fault(pointer, 'a "run" needs a "host" to run on')
      else if (this.#host(check.host, `${pointer}/host`) !== undefined)
        return [{ name: check.name, host: check.host, run: check.run, http: null, timeoutMs }]
      return []
    }
    const http = typeof check.http === 'string' ? { url: check.http } : (check.http ?? {})
    const at = typeof check.http === 'string' ? `${pointer}/http` : `${pointer}/http/url`
    const url = this.#url(http.url, check.host, at)
    if (url === undefined) return []
    const name = url.host ?? check.host
    if (name === undefined) {
      this.#fault(`${pointer}/http`, 'say which host to ask: "host", or a "url" such as http://web:8080/health')
      return []
    }
    if (url.host !== undefined && check.host !== undefined && url.host !== check.host) {
      this.#fault(at, `the url asks "${url.host}" and "host" says "${check.host}"; say it once`)
    }
    const host = this.#host(name, url.host === undefined ? `${pointer}/host` : at)
    const port = http.port ?? url.port ?? host?.ports[0]
    if (host === undefined) return []
    if (port === undefined) {
      this.#fault(`${pointer}/http`, `the host "${name}" has no port; say one`)
      return []
    }
    const path = http.path ?? url.path ?? '/'
    if (!/^\/[\x21-\x7e]*$/.test(path)) this.#fault(`${pointer}/http`, `"${path}" is no path; it starts with / and has no spaces`)
    return [
      {
        name: check.name,
        host: name,
        run: null,
        http: { port, path, status: http.status ?? 200, contains: http.contains ?? null },
        timeoutMs,
      },
    ]
  }

  #url(text: string | undefined, host: string | undefined, pointer: string): { host?: string; port?: number; path?: string } | undefined {
    if (text === undefined) return {}
    if (text.startsWith('/')) return { path: text }
    const url = URL.parse(text)
    if (url === null || url.protocol !== 'http:' || url.username !== '' || url.password !== '') {
      const example = host ?? this.#hosts[0]?.name ?? 'web'
      this.#fault(pointer, `"${text}" is no address to ask; write http://${example}:8080/health`)
      return undefined
    }
    return { host: url.hostname, port: url.port === '' ? 80 : Number(url.port), path: url.pathname + url.search }
  }

  /** Things that reports name have names of their own. */
  #unique<T extends { readonly name: string }>(list: readonly T[], pointer: string): readonly T[] {
    for (const [index, item] of list.entries()) {
      if (list.findIndex((other) => other.name === item.name) !== index)
        this.#fault(`${pointer}/${index}/name`, `the name "${item.name}" is here twice`)
    }
    return list
  }
}

/** `/busy`, `api/busy`. */
function readBusy(text: string): NonNullable<Stack['busy']> {
  const slash = text.indexOf('/')
  return { service: text.slice(0, slash) || 'www', path: text.slice(slash) }
}

function shorten(run: Command): string {
  const text = (typeof run === 'string' ? run : run.join(' ')).trim().split('\n')[0] ?? ''
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`)
    return true
  } catch {
    return false
  }
}
