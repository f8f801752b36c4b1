import type { Exchange } from '../exchange/exchange.ts'
import { stickyCookie, takeStickyCookies } from './sticky-cookie.ts'
import type { Upstream } from './upstream.ts'

/** The endpoint for an exchange that has a place in its pool; undefined: nobody takes traffic. */
export const chooseUpstream = (exchange: Exchange): Upstream | undefined => {
  const { pool } = exchange
  if (pool === null) return undefined
  if (pool.isSticky) exchange.cookies = takeStickyCookies(exchange.headers)
  const chosen = pool.choose(exchange.cookies)
  if (chosen !== undefined) exchange.chosen = chosen
  return chosen
}

/** Tells the client how to come back to the same instance, where its pool is for that. */
export const addStickyCookie = ({ pool, chosen, cookies, target, connection }: Exchange, headers: string[]): void => {
  if (pool?.isSticky !== true || chosen === null) return
  const name = pool.newCookie(chosen, cookies)
  if (name !== null) headers.push('Set-Cookie', stickyCookie(name, target?.route.path ?? '/', connection.secure))
}
