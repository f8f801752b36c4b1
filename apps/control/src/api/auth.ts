import { behalfHeader, type Scope, StandinError, scopes } from '@standin/client'
import type { Caller, Tokens } from '../store/tokens.ts'

/**
 * Who a request comes from.
 * @param authorization the header, `Bearer stn_<id>_<secret>`
 * @param needed the least scope that will do
 * @throws StandinError `unauthenticated`, `forbidden` naming the scope that is needed
 */
export function authenticate(tokens: Pick<Tokens, 'check'>, authorization: string | undefined, needed: Scope): Caller {
  const [scheme, text] = authorization?.split(' ') ?? []
  if (authorization === undefined || scheme?.toLowerCase() !== 'bearer' || text === undefined) {
    throw new StandinError('unauthenticated', 'the request carries no token', {
      hint: 'Send `Authorization: Bearer stn_…`; the admin token is in secrets/admin.token below STANDIN_HOME',
    })
  }
  const caller = tokens.check(text.trim())
  if (caller === null) {
    throw new StandinError('unauthenticated', 'the token is not valid: it is unknown, was revoked, or has expired', {
      hint: '`standin token create` makes a new one; the admin token is in secrets/admin.token below STANDIN_HOME',
    })
  }
  if (scopes.indexOf(caller.scope) < scopes.indexOf(needed)) {
    throw new StandinError('forbidden', `this needs a token with the scope ${needed}; ${caller.name} has ${caller.scope}`, {
      hint: `\`standin token create NAME --scope ${needed}\` makes one`,
    })
  }
  return caller
}

/**
 * Who did it, where it is done for somebody else: `plugin:identity for token:directory`. Whose token it is comes first, and it
 * alone counts for what may be done.
 * @param header percent-encoded
 * @throws StandinError `invalid`
 */
export function actingFor(caller: Caller, header: string | readonly string[] | undefined): Caller {
  if (header === undefined) return caller
  try {
    const actor = decodeURIComponent(String(header))
    if (/^(token|user|plugin):[^\p{C}]{1,200}$/u.test(actor)) return { ...caller, actor: `${caller.actor} for ${actor}` }
  } catch {
    // Said below.
  }
  throw new StandinError('invalid', `${behalfHeader} names nobody`, { hint: 'Write token:NAME or user:NAME, percent-encoded' })
}
