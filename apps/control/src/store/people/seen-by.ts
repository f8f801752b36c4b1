import { type RawBuilder, sql } from 'kysely'
import type { UserAccess } from './user-access.ts'

/**
 * The rule of `roleOn` in SQL, for lists: on the columns of `environments`. The projects are one parameter, so that the statement's text, and
 * with it what SQLite has prepared, does not depend on them.
 * @param plan `search`: by the indexes, sorted afterwards; `walk`: in the order of ids, for who sees so many that a page is soon full
 */
export function environmentSeenBy({ id, everywhere, projects }: UserAccess, plan: 'search' | 'walk' = 'search'): RawBuilder<boolean> {
  if (everywhere === 'manager') return sql<boolean>`true`
  if (everywhere !== null) return sql<boolean>`(environments.project is not null or environments.owner_id = ${id})`
  // The plus keeps SQLite from using the index of a column.
  const [project, owner] =
    plan === 'walk' ? [sql`+environments.project`, sql`+environments.owner_id`] : [sql`environments.project`, sql`environments.owner_id`]
  return sql<boolean>`(${project} in (select value from json_each(${projects})) or (environments.project is null and ${owner} = ${id}))`
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
