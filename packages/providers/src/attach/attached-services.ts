import type { AttachService, Endpoint } from '@standin/client'
import type { AttachedService, InstanceStatus, ObservedState } from '@standin/core'
import { parseEndpoint } from './endpoint-rules.ts'

/**
 * What was asked for, as endpoints: `www-1`, `www-2` in the order given. An endpoint that was attached before keeps the
 * generation that it had: it is the same one.
 * @param at ms since the epoch, the generation of those that are new
 * @throws StandinError `endpoint_refused`
 */
export function attachServices(asked: readonly AttachService[], before: readonly AttachedService[], at: number): AttachedService[] {
  return asked.map(({ name, endpoints, policy, paths }) => {
    const same = before.find((service) => service.name === name)
    const known = same === undefined ? [] : allEndpoints(same)
    let ordinal = 0
    const attach = (given: AttachService['endpoints']): Endpoint[] =>
      given.map((each) => {
        const { address: text, weight } = typeof each === 'string' ? { address: each, weight: 1 } : each
        const { address, port } = parseEndpoint(text)
        const kept = known.find((endpoint) => endpoint.address === address && endpoint.port === port)
        ordinal += 1
        const share = weight === 1 ? {} : { weight }
        return { address, port, generation: kept?.generation ?? at, instance: `${name}-${ordinal}`, ...share }
      })
    return {
      name,
      endpoints: attach(endpoints),
      ...(policy === undefined ? {} : { policy }),
      ...(paths === undefined || paths.length === 0
        ? {}
        : { paths: paths.map((each) => ({ ...each, endpoints: attach(each.endpoints) })) }),
    }
  })
}

/** Those of the service itself, then those of its paths. */
export function allEndpoints({ endpoints, paths = [] }: AttachedService): Endpoint[] {
  return [...endpoints, ...paths.flatMap((each) => each.endpoints)]
}

/** A host per service, an instance per endpoint. What is attached runs already, also before it is in the pool. */
export function attachedInstances(services: readonly AttachedService[], state: ObservedState): InstanceStatus[] {
  const inPool = state === 'running' || state === 'created'
  return services.flatMap((service) =>
    allEndpoints(service).map(({ address, generation, instance }, index) => ({
      name: instance,
      ordinal: index + 1,
      address,
      generation,
      state: inPool ? 'running' : 'pending',
      health: 'none',
      pid: null,
      exitCode: null,
      signal: null,
      restarts: 0,
      since: new Date(generation).toISOString(),
      reason: inPool ? null : 'taken out of the pool',
      host: service.name,
    })),
  )
}
