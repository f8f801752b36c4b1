import { type RoutePolicy, StandinError } from '@standin/client'
import { Faults } from './faults.ts'
import { nodeAt } from './located.ts'
import { type PolicySettings, policySettings, readPolicy } from './policy-settings.ts'
import { readYaml } from './read-yaml.ts'
import { validateLocated } from './validate-located.ts'

/**
 * A policy as it stands in a blueprint, on its own: `{balance: least-connections, health: {path: /up, interval: 5s}}`.
 * @throws StandinError `invalid` with every fault
 */
export function parsePolicy(text: string): RoutePolicy {
  const faults = new Faults()
  const node = readYaml(text, 'policy', () => undefined, faults)
  const settings = node === undefined ? undefined : validateLocated(node, policySettings, 'policy', faults)
  let policy: RoutePolicy = {}
  if (node !== undefined && settings !== undefined && !faults.hasErrors) {
    policy = readPolicy(settings as PolicySettings, (pointer, message) =>
      faults.error(nodeAt(node, pointer).at, `policy${pointer.replaceAll('/', '.')}`, message),
    )
  }
  try {
    faults.throwIfAny('policy')
  } catch (error) {
    const { errors = [] } = error as StandinError
    const words = errors.map(({ path, message }) => [path, message].filter(Boolean).join(': ')).join('; ')
    throw new StandinError('invalid', `'${text}' is not a policy: ${words}`, { hint: 'Write it as {balance: least-connections}' })
  }
  return policy
}
