import { SourceFailure } from '../directory.ts'
import { textsOf } from './ldap-entry.ts'
import type { LdapSession } from './ldap-session.ts'

/**
 * Check that the server knows attributes: one that it does not know is no error for it, but an entry without it, and a filter
 * that nobody fits (RFC 4511, section 4.5.1.7). A server that does not show its schema is believed.
 * @param names by where they stand in the configuration
 * @throws SourceFailure
 */
export async function requireAttributes(session: LdapSession, source: string, names: ReadonlyMap<string, string>): Promise<void> {
  const known = await knownAttributes(session)
  if (known === null) return
  for (const [place, name] of names) {
    if (known.has(name.toLowerCase())) continue
    throw new SourceFailure(`${source}: the server knows no attribute ${name}: look at ${place}`)
  }
}

/** RFC 4512, sections 4.2 and 4.4. @returns names in lower case; null: it does not say */
async function knownAttributes(session: LdapSession): Promise<ReadonlySet<string> | null> {
  let definitions: string[]
  try {
    const [root] = await session.search({ base: '', filter: '(objectClass=*)', scope: 'base', attributes: ['subschemaSubentry'] })
    const [subschema] = root === undefined ? [] : textsOf(root, 'subschemaSubentry')
    if (subschema === undefined) return null
    const search = { base: subschema, filter: '(objectClass=subschema)', scope: 'base', attributes: ['attributeTypes'] } as const
    const [schema] = await session.search(search)
    definitions = schema === undefined ? [] : textsOf(schema, 'attributeTypes')
  } catch (error) {
    if (error instanceof SourceFailure) return null
    throw error
  }
  const names = new Set<string>()
  for (const definition of definitions) {
    const list = /\bNAME +(?:'([^']+)'|\(([^)]*)\))/.exec(definition)
    for (const [, name = ''] of (list?.[1] === undefined ? (list?.[2] ?? '') : `'${list[1]}'`).matchAll(/'([^']+)'/g)) {
      names.add(name.toLowerCase())
    }
  }
  return names.size === 0 ? null : names
}
