import type { HostSpec } from '@standin/client'
import { type Field, type Reading, readChoice, readFields, readInteger, readSize, readString, wrong } from './reader.ts'

type Key = (name: string) => Field | undefined

const none: Key = () => undefined

function deployKeys(reading: Reading, deploy: Field | undefined): Key {
  return deploy === undefined ? none : (readFields(reading, deploy.node, deploy.path, 'deploy') ?? none)
}

/** `scale` or `deploy.replicas`, default 1. */
export function readReplicas(reading: Reading, scale: Field | undefined, deploy: Field | undefined): number {
  const key = deployKeys(reading, deploy)
  const mode = key('mode')
  const kind = readString(reading, mode)
  if (mode !== undefined && kind !== undefined && kind !== 'replicated') {
    reading.faults.error(mode.node.at, mode.path, `the mode "${kind}" is not supported: an environment runs on one machine; use replicated`)
  }
  const replicas = readInteger(reading, key('replicas'), 0, 100)
  const scaled = readInteger(reading, scale, 0, 100)
  if (scale !== undefined && replicas !== undefined && scaled !== undefined && replicas !== scaled) {
    reading.faults.error(scale.node.at, scale.path, `"scale" says ${scaled} and "deploy.replicas" says ${replicas}; say it once`)
  }
  return scaled ?? replicas ?? 1
}

/** Limits: `cpus` and `mem_limit`, or those below `deploy.resources.limits`. */
export function readResources(
  reading: Reading,
  cpus: Field | undefined,
  memory: Field | undefined,
  deploy: Field | undefined,
): HostSpec['resources'] {
  const resources = deployKeys(reading, deploy)('resources')
  const limits = resources === undefined ? undefined : readFields(reading, resources.node, resources.path, 'deploy.resources')?.('limits')
  const key = limits === undefined ? none : (readFields(reading, limits.node, limits.path, 'deploy.resources.limits') ?? none)
  return {
    cpus: readCpus(reading, key('cpus')) ?? readCpus(reading, cpus) ?? null,
    memoryBytes: positive(readSize(reading, key('memory'))) ?? positive(readSize(reading, memory)) ?? null,
  }
}

function readCpus(reading: Reading, field: Field | undefined): number | undefined {
  const text = readString(reading, field)
  if (field === undefined || text === undefined) return undefined
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) wrong(reading, field.node, field.path, 'a number of cores, such as 0.5')
  // Compose: zero is no limit.
  return value > 0 ? value : undefined
}

/** `restart`, or `deploy.restart_policy` where it is not said. */
export function readRestart(reading: Reading, restart: Field | undefined, deploy: Field | undefined): HostSpec['restart'] {
  const policy = deployKeys(reading, deploy)('restart_policy')
  const text = restart?.node.kind === 'scalar' && restart.node.value === false ? 'no' : readString(reading, restart)
  if (restart !== undefined && text !== undefined) {
    const match = /^(no|always|unless-stopped|on-failure)(?::(\d{1,6}))?$/.exec(text)
    if (match !== null && (match[2] === undefined || match[1] === 'on-failure')) {
      return { policy: match[1] as HostSpec['restart']['policy'], maxRetries: match[2] === undefined ? null : Number(match[2]) }
    }
    wrong(reading, restart.node, restart.path, 'one of no, always, on-failure, on-failure:3, unless-stopped')
  }
  const key = policy === undefined ? none : (readFields(reading, policy.node, policy.path, 'deploy.restart_policy') ?? none)
  if (policy === undefined) return { policy: 'no', maxRetries: null }
  const condition = readChoice(reading, key('condition'), ['none', 'on-failure', 'any']) ?? 'any'
  const attempts = readInteger(reading, key('max_attempts'), 0, 999_999)
  const names = { none: 'no', 'on-failure': 'on-failure', any: 'always' } as const
  return { policy: names[condition], maxRetries: condition === 'on-failure' ? (attempts ?? null) : null }
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value === 0 ? undefined : value
}
