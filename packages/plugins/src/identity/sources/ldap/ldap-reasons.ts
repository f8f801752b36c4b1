import { ResultCodeError } from 'ldapts'

/** What the result codes mean for whoever wrote the configuration (RFC 4511, appendix A). */
const meanings: Readonly<Record<number, string>> = {
  3: 'the server took longer than it may: narrow base or filter',
  4: 'the server gives no more than so many entries: let this account read all of them (`limits` of OpenLDAP, MaxPageSize of Active Directory)',
  8: 'the server wants a stronger way of signing in than a password',
  10: 'the server refers to another one, which is not followed: ask that one, or look at `base`',
  11: 'the server gives no more than so many entries, or not so many at once: let this account read all of them (`limits` of OpenLDAP), or lower `pageSize`',
  13: 'the server wants TLS: use ldaps://, or `startTls: true`',
  32: 'there is no such entry, or this account does not see it: look at `base`',
  34: 'that is no DN',
  48: 'the server does not let in whoever gives no password: set `bind`',
  49: 'the DN or the password is wrong: look at `bind`',
  50: 'this account may not read that',
  51: 'the server is busy',
  52: 'the server is not ready',
  53: 'the server refuses it',
}

/** In words, without the library's. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof ResultCodeError) {
    const { code } = cause
    const said = cause.message.replace(/ *Code: 0x[0-9a-f]+$/, '').slice(0, 200)
    const meaning = meanings[code] ?? `the server answers with the result code ${code}`
    return said === '' ? meaning : `${meaning} (it says: ${said})`
  }
  if (!(cause instanceof Error)) return String(cause)
  const { code, message } = cause as NodeJS.ErrnoException
  if (/^(Connection closed|Socket (error|connection))/.test(message) || code === 'ECONNRESET' || code === 'EPIPE') {
    return 'the server dropped the connection'
  }
  if (/timed? ?out/i.test(message) && code === undefined) return 'the server does not answer in time'
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH') return `the server can not be reached: ${code}`
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}
