import type { Command, HealthCheck } from '@standin/client'
import { type Field, type Reading, readBoolean, readDuration, readFields, readInteger, readItems, readMap, readString } from './reader.ts'
import { didYouMean } from './suggest.ts'

/** A connection costs nothing, so a host that has just started is asked often; a command costs a process. */
const startIntervalMs = { probe: 50, exec: 250 }

/** What a host with a port and without a health check of its own gets: well is what accepts connections. */
export function tcpHealthCheck(port: number): HealthCheck {
  return {
    exec: null,
    http: null,
    tcp: { port },
    intervalMs: 5_000,
    timeoutMs: 2_000,
    retries: 3,
    startPeriodMs: 60_000,
    startIntervalMs: startIntervalMs.probe,
  }
}

/**
 * A service's `healthcheck`. Without `test` and `x-http` it only sets the times of the default one.
 *
 * Compose first looks after one `interval`; Standin looks at once and often, but counts failures only from where Compose
 * would: a start period is at least one interval long.
 */
export function readHealthCheck(reading: Reading, field: Field | undefined, ports: readonly number[]): HealthCheck | null {
  const first = ports[0]
  if (field === undefined) return first === undefined ? null : tcpHealthCheck(first)
  const key = readFields(reading, field.node, field.path, 'healthcheck')
  if (key === undefined) return null
  const probe = readProbe(reading, field, key('test'), key('x-http'), first)
  const intervalMs = atLeastOne(readDuration(reading, key('interval'))) ?? (probe?.tcp === null ? 30_000 : 5_000)
  const timeoutMs = atLeastOne(readDuration(reading, key('timeout'))) ?? 30_000
  const retries = readInteger(reading, key('retries'), 0, 1000)
  const startPeriod = readDuration(reading, key('start_period')) ?? 0
  const startInterval = atLeastOne(readDuration(reading, key('start_interval')))
  if (readBoolean(reading, key('disable')) === true || probe === null) return null
  return {
    ...probe,
    intervalMs,
    timeoutMs,
    retries: retries === undefined || retries === 0 ? 3 : retries,
    startPeriodMs: Math.max(startPeriod, intervalMs),
    startIntervalMs: startInterval ?? Math.min(intervalMs, probe.exec === null ? startIntervalMs.probe : startIntervalMs.exec),
  }
}

type Probe = Pick<HealthCheck, 'exec' | 'http' | 'tcp'>

function readProbe(
  reading: Reading,
  field: Field,
  test: Field | undefined,
  http: Field | undefined,
  first: number | undefined,
): Probe | null {
  if (test !== undefined && http !== undefined) {
    reading.faults.error(http.node.at, http.path, 'a health check has a "test" or "x-http", not both')
  }
  if (http !== undefined) return readHttp(reading, http, first)
  if (test === undefined) return first === undefined ? null : { exec: null, http: null, tcp: { port: first } }
  if (test.node.kind === 'scalar') {
    const text = readString(reading, test)
    if (text !== undefined && text.trim() !== '') return { exec: text, http: null, tcp: null }
    reading.faults.error(test.node.at, test.path, 'the test is empty')
    return null
  }
  const words = readItems(reading, test).flatMap((item) => readString(reading, item) ?? [])
  const [kind, ...rest] = words
  if (kind === 'NONE') return null
  let exec: Command | undefined
  if (kind === 'CMD-SHELL' && rest.length === 1) exec = rest[0]
  else if (kind === 'CMD' && rest.length > 0) exec = rest
  if (exec !== undefined && exec.length > 0) return { exec, http: null, tcp: null }
  if (field.node.kind === 'map') {
    reading.faults.error(test.node.at, test.path, 'a test is a string, ["CMD", "program", …], ["CMD-SHELL", "text"] or ["NONE"]')
  }
  return null
}

function readHttp(reading: Reading, http: Field, first: number | undefined): Probe | null {
  const map = readMap(reading, http.node, http.path)
  if (map === undefined) return null
  for (const [key, entry] of map.entries) {
    if (key !== 'port' && key !== 'path') {
      reading.faults.error(
        entry.keyAt,
        `${http.path}.${key}`,
        `unknown key "${key}"${didYouMean(key, ['port', 'path'])}; "x-http" has port and path`,
      )
    }
  }
  const part = (key: string): Field | undefined => {
    const node = map.entries.get(key)?.value
    return node === undefined ? undefined : { node, path: `${http.path}.${key}` }
  }
  const said = part('port')
  const port = said === undefined ? first : readInteger(reading, said, 1, 65_535)
  const path = readString(reading, part('path')) ?? '/'
  if (!/^\/[\x21-\x7e]*$/.test(path))
    reading.faults.error(
      part('path')?.node.at ?? http.node.at,
      `${http.path}.path`,
      `"${path}" is no path; it starts with / and has no spaces`,
    )
  if (port === undefined) {
    if (said === undefined) reading.faults.error(http.node.at, http.path, '"x-http" needs a "port", as the service has no port')
    return null
  }
  return { exec: null, http: { port, path }, tcp: null }
}

function atLeastOne(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined || milliseconds === 0 ? undefined : milliseconds
}
