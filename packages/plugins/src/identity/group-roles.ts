import { type Event, type Group, type RoleBinding, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { IdentityConfig } from './identity-config.ts'
import { nameKey } from './sources/name-key.ts'

/**
 * What members of groups may, as the configuration says it: a group of this name has this role, wherever it comes from. What
 * this plugin gave and the configuration says no more is taken back; what people gave stays.
 */
export class GroupRoles {
  readonly #context: Pick<PluginContext, 'client' | 'log' | 'id'>
  readonly #wanted: IdentityConfig['roles']

  /** @throws StandinError `invalid` where a group has two roles in one project */
  constructor(context: Pick<PluginContext, 'client' | 'log' | 'id'>, wanted: IdentityConfig['roles']) {
    const keys = wanted.map(({ group, project }) => JSON.stringify([nameKey(group.trim()), project]))
    const twice = wanted.find((_, index) => keys.indexOf(keys[index] ?? '') < index)
    if (twice !== undefined) {
      throw new StandinError(
        'invalid',
        `roles has two of ${twice.group} ${twice.project === null ? 'everywhere' : `in ${twice.project}`}`,
        {
          hint: 'The greater one includes the other',
        },
      )
    }
    this.#context = context
    this.#wanted = wanted
  }

  /** All groups: once, at the beginning. */
  async start(): Promise<void> {
    const { client } = this.#context
    const groups = new Map<string, Group>()
    for (const { group } of this.#wanted) {
      for (const each of (await client.groups.list({ displayName: group })).items) groups.set(each.id, each)
    }
    for (const group of groups.values()) await this.#match(group)
    for (const binding of await this.#given({})) {
      if (binding.group !== null && !groups.has(binding.group.id)) await this.#revoke(binding)
    }
  }

  /** A group came, or is called differently now. */
  async onEvent({ type, data }: Event): Promise<void> {
    if (type !== 'group.created' && type !== 'group.changed') return
    const [group] = (await this.#context.client.groups.list({ displayName: String((data as { displayName?: unknown }).displayName) })).items
    if (group !== undefined) await this.#match(group)
  }

  async #match(group: Group): Promise<void> {
    const name = nameKey(group.displayName)
    const wanted = this.#wanted.filter((each) => nameKey(each.group.trim()) === name)
    const { client } = this.#context
    const held = (await client.roles.list({ group: group.id, limit: 1000 })).items
    for (const { project, role } of wanted) {
      if (held.some((binding) => binding.project === project && binding.role === role)) continue
      await client.roles.grant({ group: group.id, project, role })
    }
    for (const binding of await this.#given({ group: group.id })) {
      if (!wanted.some(({ project }) => project === binding.project)) await this.#revoke(binding)
    }
  }

  /** Roles of groups that this plugin gave. */
  async #given(query: { group?: string }): Promise<RoleBinding[]> {
    const given: RoleBinding[] = []
    let cursor: string | undefined
    do {
      const page = await this.#context.client.roles.list({ ...query, limit: 1000, cursor })
      given.push(...page.items.filter(({ actor, group }) => group !== null && actor === `plugin:${this.#context.id}`))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return given
  }

  async #revoke({ id, group, project, role }: RoleBinding): Promise<void> {
    await this.#context.client.roles.revoke(id)
    this.#context.log.info({ group: group?.displayName, project, role }, 'a role that the configuration gave is taken back')
  }
}
