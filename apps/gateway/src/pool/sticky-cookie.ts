/** The cookie that names an instance. It is the gateway's own: no application sees it. */
const stickyCookieName = 'standin_instance'

/**
 * Takes the gateway's cookies out of a request (RFC 6265, section 4.2.1).
 * @param headers names and values in turn; changed where there is one
 * @returns their values, the most specific path first as browsers send them; null: there are none
 */
export const takeStickyCookies = (headers: string[]): string[] | null => {
  let values: string[] | null = null
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length !== 6 || name.toLowerCase() !== 'cookie') continue
    const line = headers[i + 1] as string
    if (!line.includes(stickyCookieName)) continue
    const others: string[] = []
    let isOurs = false
    for (const pair of line.split(';')) {
      const cookie = pair.trim()
      if (cookie.startsWith(`${stickyCookieName}=`)) {
        isOurs = true
        values ??= []
        values.push(cookie.slice(stickyCookieName.length + 1))
      } else if (cookie !== '') others.push(cookie)
    }
    if (!isOurs) continue
    if (others.length > 0) headers[i + 1] = others.join('; ')
    else {
      headers.splice(i, 2)
      i -= 2
    }
  }
  return values
}

/**
 * `Set-Cookie` for an instance: it lasts as long as the browser's session, and no script can read it.
 * @param path the route's; @param secure the client's connection is encrypted
 */
export const stickyCookie = (name: string, path: string, secure: boolean): string =>
  `${stickyCookieName}=${name}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
