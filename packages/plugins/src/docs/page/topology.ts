import type { Environment, Template } from '@standin/client'
import type { Topology, TopologyArrow, TopologyNode } from './page.ts'

const gateway = 'gateway'

/** The gateway, the hosts behind the services that it publishes, and the hosts that those depend on. */
export function topologyOf(environment: Environment, template: Template | null): Topology {
  const nodes = new Map<string, TopologyNode>()
  const arrows = new Map<string, TopologyArrow>()
  const known = new Set(environment.hosts.map(({ name }) => name))
  const draw = (from: string, to: string, label: string) => arrows.set(`${from} ${to} ${label}`, { from, to, label })

  for (const { name, ports, instances } of environment.hosts) {
    const many = instances.length > 1 ? ` × ${instances.length}` : ''
    const lines = [`${name}${many}`, ...(ports.length > 0 ? [ports.join(', ')] : [])]
    nodes.set(name, { id: name, kind: 'host', lines })
  }
  for (const { name, endpoints, paths = [] } of environment.services) {
    const pools = [{ path: '', endpoints }, ...paths]
    for (const pool of pools) {
      for (const { instance, address, port } of pool.endpoints) {
        const host = instance.replace(/-\d+$/, '')
        const id = known.has(host) ? host : `${address}:${port}`
        if (!nodes.has(id)) nodes.set(id, { id, kind: 'host', lines: [id] })
        draw(gateway, id, `${name}${pool.path}`)
      }
    }
  }
  // What is asleep has no endpoints: the template still knows who is published.
  for (const { service, host, paths = [] } of template?.stack.publish ?? []) {
    if (known.has(host)) draw(gateway, host, service)
    for (const each of paths) if (known.has(each.host)) draw(gateway, each.host, `${service}${each.path}`)
  }
  for (const { name, dependsOn } of template?.stack.hosts ?? []) {
    for (const { host } of dependsOn) if (known.has(name) && known.has(host)) draw(name, host, '')
  }
  const isPublished = [...arrows.values()].some(({ from }) => from === gateway)
  const entry: TopologyNode[] = isPublished ? [{ id: gateway, kind: 'gateway', lines: ['gateway'] }] : []
  return { nodes: [...entry, ...nodes.values()], arrows: [...arrows.values()] }
}
