import { createHash } from 'node:crypto'
import { StandinError } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { judgeBeside } from '../access/judge-beside.ts'
import { authenticate } from '../api/auth.ts'
import type { Authenticate } from '../plugins/plugin-server.ts'
import { fromRights } from '../store/people/user-access.ts'
import type { Caller } from '../store/tokens.ts'

/** A token that was revoked is believed for so long, ms. */
const believedMs = 10_000
const mostBelieved = 1_000

/** Who sends a request, by what control says of the token. Only its hash is kept. */
export function remoteCallers(url: string, now: () => number = () => performance.now()): Authenticate {
  const believed = new Map<string, { readonly caller: Caller; readonly until: number }>()

  const ask = async (token: string): Promise<Caller | null> => {
    const key = createHash('sha256').update(token).digest('base64')
    const known = believed.get(key)
    if (known !== undefined && known.until > now()) return known.caller
    const caller = await callerOf(url, token)
    believed.delete(key)
    if (caller === null) return null
    if (believed.size >= mostBelieved) believed.clear()
    believed.set(key, { caller, until: now() + believedMs })
    return caller
  }

  return async (authorization, needed, permission, params) => {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    const caller = token === undefined ? null : await ask(token)
    const sender = authenticate({ check: () => caller }, authorization, needed)
    await judgeBeside(url, token ?? '', permission, sender, params)
    return sender
  }
}

/** Null: control does not know the token. @throws StandinError `unreachable` */
async function callerOf(url: string, token: string): Promise<Caller | null> {
  try {
    const { actor, scope, user } = await new StandinClient({ url, token }).discover()
    return { tokenId: actor, actor, name: actor.slice(actor.indexOf(':') + 1), scope, user: user === undefined ? null : fromRights(user) }
  } catch (error) {
    if (error instanceof StandinError && error.code === 'unauthenticated') return null
    throw error
  }
}
