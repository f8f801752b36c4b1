import { isIP } from 'node:net'
import { namePattern, type Scope, StandinError, scopes } from '@standin/client'

/** The label of the name server's own name below the domain. */
const nameServerLabel = 'ns'
const label = new RegExp(namePattern)

/**
 * The host name that an alias is kept under: `demo` is `demo.<domain>`; case and a last dot don't matter.
 * @throws StandinError `invalid` where it is no host name
 */
export function aliasHost(text: string, domain: string): string {
  const given = text.toLowerCase().replace(/\.$/, '')
  const host = given.includes('.') ? given : `${given}.${domain}`
  const fault =
    isIP(given) > 0
      ? 'is an address'
      : host.length > 253 || !host.split('.').every((part) => label.test(part))
        ? 'is not a host name: labels of letters, digits and hyphens, 63 characters each, 253 in all'
        : /(^|\.)[0-9]+$/.test(host)
          ? 'ends like an address'
          : null
  if (fault === null) return host
  throw new StandinError('invalid', `the alias ${text.slice(0, 260)} ${fault}`, {
    hint: `Write one label, which is put below ${domain}, or a full name: demo.${domain}`,
    errors: [{ path: '/params/host', message: fault }],
  })
}

/**
 * Names of the platform's own and those that environments have or will have are not given away; a name outside of the
 * domain may be anybody's, so it takes an admin to say that it is ours.
 * @throws StandinError `invalid`, `forbidden`
 */
export function refuseForeignAlias(host: string, domain: string, scope: Scope): void {
  if (host !== domain && !host.endsWith(`.${domain}`)) {
    if (scopes.indexOf(scope) >= scopes.indexOf('admin')) return
    throw new StandinError('forbidden', `the alias ${host} is outside of ${domain}: this needs a token with the scope admin`, {
      hint: `Choose a name below ${domain}, or ask somebody with an admin token`,
    })
  }
  const below = host.slice(0, -domain.length - 1)
  const fault =
    host === domain
      ? 'is the domain itself'
      : below === nameServerLabel || below.endsWith(`.${nameServerLabel}`)
        ? 'is the name of the name server, or below it'
        : /(^|[-.])[1-9][0-9]{3,14}$/.test(below)
          ? 'looks like the name of an environment: it ends in a configId'
          : null
  if (fault === null) return
  throw new StandinError('invalid', `the alias ${host} ${fault}`, {
    hint: 'Choose another name, such as demo',
    errors: [{ path: '/params/host', message: fault }],
  })
}
