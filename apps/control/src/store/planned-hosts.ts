import type { PlannedHost, Stack } from '@standin/client'

/** What a stack's hosts are going to be: how many of each, and what each instance may take. */
export function plannedHosts(stack: Stack): PlannedHost[] {
  return stack.hosts.map(({ name, replicas, resources }) => ({ name, instances: replicas, resources: { ...resources } }))
}
