import { join } from 'node:path'
import type { HostSpec } from '@standin/client'
import { commandLine, instancePlan } from '../process-environment.ts'
import type { Gate } from './gate.ts'
import { Instance } from './instance.ts'
import type { Leftovers } from './leftovers.ts'
import { listeners, ownedBy } from './listening.ts'
import { LogFile } from './log-file.ts'
import { type Probe, probeOf } from './probe.ts'
import type { SupervisorOptions } from './supervisor-options.ts'

/** A host and its replicas. */
export interface HostUnit {
  readonly spec: HostSpec
  readonly instances: readonly Instance[]
}

type Options = SupervisorOptions & { readonly gate: Gate; readonly leftovers: Leftovers }

/** Makes every instance of the environment; nothing is started yet. */
export function hostUnits(options: Options): ReadonlyMap<string, HostUnit> {
  const { hosts } = options.record.stack
  const oneShots = new Set(
    hosts.flatMap(({ dependsOn }) =>
      dependsOn.filter(({ condition }) => condition === 'service_completed_successfully').map(({ host }) => host),
    ),
  )
  return new Map(
    hosts.map((spec) => {
      const instances = Array.from({ length: spec.replicas }, (_, index) => instanceOf(options, spec, index + 1, oneShots.has(spec.name)))
      return [spec.name, { spec, instances }]
    }),
  )
}

function instanceOf(options: Options, spec: HostSpec, ordinal: number, oneShot: boolean): Instance {
  const { record, launch, state, gate, changed, leftovers } = options
  const name = `${spec.name}-${ordinal}`
  const address = record.addresses[name] ?? '127.0.0.1'
  const plan = instancePlan({ ...record, ...launch }, spec, ordinal)
  const wrap = (command: string | readonly string[]): readonly string[] => [...launch.wrap, ...commandLine(command)]
  const port = spec.ports[0] ?? record.stack.publish.find(({ host }) => host === spec.name)?.port
  const derived: Probe | null = port === undefined ? null : { kind: 'tcp', port }
  return new Instance({
    name,
    ordinal,
    address,
    host: spec,
    oneShot,
    probe: spec.healthCheck === null ? derived : probeOf(spec.healthCheck, wrap),
    ...plan,
    command: [...launch.wrap, ...plan.command],
    startTimeoutMs: launch.startTimeoutMs,
    restarts: state.restarts[name] ?? 0,
    log: new LogFile(join('logs', `${name}.log`)),
    gate,
    changed,
    sweep: (instance) => leftovers.sweep(instance),
    listens: (leader, wanted) => listensRightly(options, name, address, leader, wanted),
    takenPort: () => takenPort(spec.ports),
  })
}

/** True where the instance listens at its own address; false where it is not to be seen yet; text where it is elsewhere. */
function listensRightly(options: Options, name: string, address: string, leader: number, port: number): boolean | string {
  const sockets = listeners()
  if (sockets === null) return true
  const there = sockets.filter((socket) => socket.port === port)
  if (there.some((socket) => socket.address === address)) return true
  if (there.length === 0) return false
  const mine = options.processes.list().filter(({ pid, session }) => pid === leader || session === leader)
  const misplaced = ownedBy(
    there,
    mine.map(({ pid }) => pid),
  )[0]
  if (misplaced === undefined) return false
  return `${name} listens on ${misplaced.address}:${port}; make it listen on $STANDIN_ADDRESS (${address})`
}

/** Why a process of ours could not have one of these ports at its own address. */
function takenPort(ports: readonly number[]): string | null {
  const stranger = listeners()?.find(({ address, port }) => address === '0.0.0.0' && ports.includes(port))
  if (stranger === undefined) return null
  return `something else on this machine listens on 0.0.0.0:${stranger.port}, so nobody can have that port at an address of its own`
}
