import type { AttachedService, InstanceStatus, ObservedState } from '@standin/core'
import { parseEndpoint } from './endpoint-rules.ts'

/**
 * What was asked for, as endpoints: `www-1`, `www-2` in the order given. An endpoint that was attached before keeps the
 * generation that it had: it is the same one.
 * @param at ms since the epoch, the generation of those that are new
 * @throws StandinError `endpoint_refused`
 */
export function attachServices(
  asked: readonly { readonly name: string; readonly endpoints: readonly string[] }[],
  before: readonly AttachedService[],
  at: number,
): AttachedService[] {
  return asked.map(({ name, endpoints }) => {
    const known = before.find((service) => service.name === name)?.endpoints ?? []
    return {
      name,
      endpoints: endpoints.map((text, index) => {
        const { address, port } = parseEndpoint(text)
        const same = known.find((endpoint) => endpoint.address === address && endpoint.port === port)
        return { address, port, generation: same?.generation ?? at, instance: `${name}-${index + 1}` }
      }),
    }
  })
}

/** A host per service, an instance per endpoint. What is attached runs already, also before it is in the pool. */
export function attachedInstances(services: readonly AttachedService[], state: ObservedState): InstanceStatus[] {
  const inPool = state === 'running' || state === 'created'
  return services.flatMap(({ name, endpoints }) =>
    endpoints.map(({ address, generation, instance }, index) => ({
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
      host: name,
    })),
  )
}
