import { isAbsolute } from 'node:path'
import { FilterParser } from 'ldapts'
import type { ConfigFault } from '../config-fault.ts'
import { isDn } from './distinguished-name.ts'
import type { LdapConfig } from './ldap-config.ts'

/** What the schema can't see. */
export function checkLdap(config: LdapConfig): ConfigFault[] {
  const { url, startTls, caFile, bind, people, groups } = config
  const faults: ConfigFault[] = []
  const check = (path: string, message: string | null) => {
    if (message !== null) faults.push({ path, message })
  }
  check('/url', urlFault(url, startTls))
  if (caFile !== undefined && !isAbsolute(caFile)) check('/caFile', `is no absolute path: ${caFile}`)
  if (bind !== undefined) {
    if (!isAbsolute(bind.passwordFile)) check('/bind/passwordFile', `is no absolute path: ${bind.passwordFile}`)
    // Active Directory takes names of accounts as well: `standin@example.com`, `EXAMPLE\standin`.
    if (!/[@\\]/.test(bind.dn)) check('/bind/dn', dnFault(bind.dn))
  }
  for (const [path, part] of [
    ['/people', people],
    ['/groups', groups],
  ] as const) {
    if (part === undefined) continue
    check(`${path}/base`, dnFault(part.base))
    check(`${path}/filter`, filterFault(part.filter))
  }
  if (groups?.nested === true && groups.members === 'memberUid') {
    check('/groups/nested', 'asks for groups in groups, and `memberUid` names people alone: leave it out')
  }
  return faults
}

function dnFault(text: string): string | null {
  return isDn(text) ? null : `is no DN, as ou=people,dc=example,dc=com is one: ${text}`
}

function urlFault(text: string, startTls: boolean): string | null {
  const url = URL.parse(text)
  if (url === null || !/^ldaps?:$/.test(url.protocol) || url.hostname === '' || !['', '/'].includes(url.pathname + url.search + url.hash)) {
    return `is no address of a server: ldaps://host or ldap://host, with a port or without, and nothing behind it`
  }
  if (url.username !== '' || url.password !== '') return 'has a name or password in it: they belong into `bind`'
  if (url.protocol === 'ldaps:') return startTls ? 'is ldaps:// already, which goes without `startTls`' : null
  if (startTls || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname)) return null
  return 'would send the password and people unencrypted: use ldaps://, or `startTls: true`'
}

/** In values, brackets are escaped (RFC 4515, section 3): the others have to be in pairs. */
function filterFault(filter: string): string | null {
  const characters = [...filter]
  let open = 0
  for (const [at, character] of characters.entries()) {
    if (character === '(') open += 1
    else if (character === ')') open -= 1
    if (open < 0) return `has a closing bracket too many at character ${at + 1}: ${filter}`
    if (open === 0 && character === ')' && (characters[at + 1] ?? ')') !== ')') {
      return `goes on behind its last bracket, at character ${at + 2}: put (&…) around several: ${filter}`
    }
  }
  if (open > 0) return `has ${open} opening ${open === 1 ? 'bracket that is' : 'brackets that are'} never closed: ${filter}`
  try {
    FilterParser.parseString(filter)
    return null
  } catch (error) {
    const { message } = error as Error
    if (message.startsWith('Unbalanced')) return `has brackets where none belong: ${filter}`
    return `is no filter: ${message.replace(/\. Full string: .*$/s, '')}`
  }
}
