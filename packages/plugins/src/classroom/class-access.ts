import { type Role, roles, StandinError, shellWord } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import type { PagePass, PluginCaller } from '@standin/core'
import type { ClassConfig } from './classroom-config.ts'

type Who = Pick<PluginCaller, 'user' | 'scope'> | null

/** Whether somebody may see a class: its instructors, and viewers of its project. A token without a user needs its scope alone. */
export function maySee(who: Who, config: ClassConfig | null): boolean {
  return has(who, config, 'viewer')
}

/** @throws StandinError `forbidden` */
export function refuseStranger(who: Who, config: ClassConfig | null): void {
  if (!maySee(who, config)) throw refusal(config, 'seeing', 'viewer')
}

/** A reset takes away what is in a seat. @throws StandinError `forbidden` */
export function refuseReset(who: Who, config: ClassConfig | null): void {
  if (!has(who, config, 'editor')) throw refusal(config, 'resetting seats of', 'editor')
}

/** A pass to the page outlives the token that made it. @throws StandinError `forbidden` */
export function refuseLink(who: Who, config: ClassConfig | null): void {
  refuseReset(who, config)
  if (who?.user === null && who.scope !== 'admin') {
    throw new StandinError('forbidden', 'a link for a token without a user needs the scope admin', {
      hint: 'Let an instructor make it with a token of their own: `standin token create NAME --scope write --user USER`',
    })
  }
}

/**
 * Who made a pass to the page, in words. What a user may has to be asked again each time: the pass outlives their token.
 * @param createdBy `user:<id>`, or a token without a user
 * @returns null: they may not reset seats of the class any more
 */
export async function makerOf({ createdBy }: PagePass, config: ClassConfig | null, client: StandinClient): Promise<string | null> {
  if (!createdBy.startsWith('user:')) return config === null ? null : createdBy
  try {
    const { id, userName, active } = await client.users.get(createdBy.slice('user:'.length))
    if (!active || config === null) return null
    const { items } = isInstructor(userName, config) ? { items: null } : await client.roles.list({ user: id, limit: 1000 })
    const may = items?.some(({ project, role }) => (project === null || project === config.project) && includes(role, 'editor')) ?? true
    return may ? userName : null
  } catch (error) {
    if (error instanceof StandinError && error.code === 'user_not_found') return null
    throw error
  }
}

function has(who: Who, config: ClassConfig | null, needed: Role): boolean {
  if (who === null || config === null) return false
  const { user } = who
  if (user === null) return true
  const inProject = config.project !== undefined && Object.hasOwn(user.roles, config.project) ? (user.roles[config.project] ?? null) : null
  return isInstructor(user.userName, config) || includes(user.everywhere, needed) || includes(inProject, needed)
}

function isInstructor(userName: string, { instructors }: ClassConfig): boolean {
  return instructors.some((name) => name.toLowerCase() === userName.toLowerCase())
}

function includes(role: Role | null, needed: Role): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(needed)
}

function refusal(config: ClassConfig | null, what: string, role: Role): StandinError {
  const project = config?.project
  return new StandinError('forbidden', `${what} the class ${config?.name} is for its instructors, and the role ${role}`, {
    hint:
      project === undefined
        ? 'Ask who runs the platform'
        : `A manager of ${project} grants it: \`standin role grant USER ${role} --project ${shellWord(project)}\``,
  })
}
