import { type RawBuilder, sql } from 'kysely'
import type { UserAccess } from './user-access.ts'

/**
 * The rule of `roleOn` in SQL, for lists: on the columns of `environments`. The projects are one parameter, so that the statement's text, and
 * with it what SQLite has prepared, does not depend on them.
 */
export function environmentSeenBy({ id, everywhere, projects }: UserAccess): RawBuilder<boolean> {
  if (everywhere === 'manager') return sql<boolean>`true`
  if (everywhere !== null) return sql<boolean>`(environments.project is not null or environments.owner_id = ${id})`
  return sql<boolean>`(environments.project in (select value from json_each(${projects}))
    or (environments.project is null and environments.owner_id = ${id}))`
}

/** On a column that holds a configId. */
export function configIdSeenBy(column: string, access: UserAccess): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (select environments.id from environments where ${environmentSeenBy(access)})`
}

/** On a column that holds a project. @param common whether what is in no project is everybody's */
export function projectSeenBy(column: string, { everywhere, projects }: UserAccess, common: boolean): RawBuilder<boolean> {
  if (everywhere === 'manager') return sql<boolean>`true`
  const known = everywhere === null ? sql`in (select value from json_each(${projects}))` : sql`is not null`
  return common ? sql<boolean>`(${sql.ref(column)} is null or ${sql.ref(column)} ${known})` : sql<boolean>`${sql.ref(column)} ${known}`
}
