import { createHash } from 'node:crypto'
import type { User } from '@standin/client'
import type { ScimObject, ScimValue } from './schema/attribute.ts'
import { enterpriseUrn } from './schema/resource-schemas.ts'
import { ScimError } from './scim-error.ts'

/** What a directory says of a user that Standin itself has no use for: kept for the directory, so that it gets it back. */
export type Profile = ScimObject

/** With when it was changed last, ISO 8601, as far as that is known. */
export interface Kept {
  readonly profile: Profile
  readonly changedAt?: string
}

/** Characters of JSON. */
const largestProfile = 64 * 1024

/** Kept as they come. */
const kept = ['name', 'nickName', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone'] as const

/** What a user is to SCIM. @param base address of the server, without a slash in the end */
export function toUserResource(user: User, { profile, changedAt = '' }: Kept, base: string): ScimObject {
  const extension: ScimObject = {
    ...((profile[enterpriseUrn] ?? {}) as ScimObject),
    ...(user.manager === null ? {} : { manager: managerOf(user.manager, base) }),
  }
  const extended = Object.keys(extension).length > 0
  const emails = emailsOf(user, profile)
  const lastModified = user.changedAt > changedAt ? user.changedAt : changedAt
  const version = userVersion(user, profile)
  const resource: Record<string, ScimValue | undefined> = {
    id: user.id,
    externalId: user.externalId ?? undefined,
    userName: user.userName,
    displayName: user.displayName,
    active: user.active,
    emails: emails.length === 0 ? undefined : emails,
    groups:
      user.groups.length === 0
        ? undefined
        : user.groups.map(({ id, displayName }) => ({ value: id, $ref: `${base}/Groups/${id}`, display: displayName, type: 'direct' })),
    [enterpriseUrn]: extended ? extension : undefined,
    meta: { resourceType: 'User', created: user.createdAt, lastModified, location: `${base}/Users/${user.id}`, version },
  }
  for (const name of kept) resource[name] = profile[name]
  for (const [name, value] of Object.entries(resource)) if (value === undefined) delete resource[name]
  return resource as ScimObject
}

/**
 * What Standin is to know of a resource. Who the manager is has still to be looked up.
 * @param before as it was; null: it is new, or replaces what was
 * @throws ScimError 413
 */
export function fromUserResource(resource: ScimObject, before: ScimObject | null) {
  const profile: Record<string, ScimValue> = {}
  for (const name of kept) if (resource[name] !== undefined) profile[name] = resource[name]
  const emails = (resource.emails ?? []) as readonly ScimObject[]
  if (emails.length > 0) profile.emails = emails
  const { manager, ...extension } = (resource[enterpriseUrn] ?? {}) as ScimObject
  if (Object.keys(extension).length > 0) profile[enterpriseUrn] = extension
  if (JSON.stringify(profile).length > largestProfile) throw new ScimError(413, `what is said of ${resource.userName} is too much to keep`)
  // A name that was put together follows its parts.
  const follows = before !== null && before.displayName === resource.displayName && before.displayName === nameOf(before)
  return {
    edit: {
      userName: resource.userName as string,
      displayName: ((follows ? undefined : resource.displayName) ?? nameOf(resource)) as string,
      email: mainEmail(emails),
      externalId: (resource.externalId ?? null) as string | null,
    },
    active: resource.active as boolean | undefined,
    manager: ((manager as ScimObject | undefined)?.value ?? null) as string | null,
    profile: profile as Profile,
  }
}

/** Changes with all that is shown: Standin's revision does not count what it has no use for, nor groups. */
function userVersion({ revision, groups, manager }: User, profile: Profile): string {
  const rest = createHash('sha256').update(JSON.stringify([groups, manager, profile]))
  return `W/"${revision}-${rest.digest('hex').slice(0, 12)}"`
}

/** The primary one, else that of work, else the first. */
function mainEmail(emails: readonly ScimObject[]): string | null {
  const given = emails.filter(({ value }) => value !== undefined)
  const main = given.find(({ primary }) => primary === true) ?? given.find(({ type }) => type === 'work') ?? given[0]
  return (main?.value ?? null) as string | null
}

/** Those of the directory, unless somebody gave them another address here. */
function emailsOf({ email }: User, profile: Profile): readonly ScimObject[] {
  const emails = (profile.emails ?? []) as readonly ScimObject[]
  if (mainEmail(emails)?.normalize('NFC') === email) return emails
  return email === null ? [] : [{ value: email, type: 'work', primary: true }]
}

function nameOf({ name, userName }: ScimObject): ScimValue | undefined {
  const { formatted, givenName, familyName } = (name ?? {}) as ScimObject
  const parts = [givenName, familyName].filter((part) => part !== undefined).join(' ')
  return formatted ?? (parts === '' ? userName : parts)
}

function managerOf({ id, userName }: NonNullable<User['manager']>, base: string): ScimObject {
  return { value: id, $ref: `${base}/Users/${id}`, displayName: userName }
}
