import { isIPv6 } from 'node:net'

/**
 * The host name of a `Host` header or of an absolute request target (RFC 9110, section 7.2): lower case, without port
 * and last dot. Null where it isn't one: empty, several in one, with user or path, with a port that isn't a number.
 */
export const normaliseHost = (value: string): string | null => {
  let end = value.length
  let hasUpperCase = false
  for (let i = 0; i < end; i++) {
    const code = value.charCodeAt(i)
    if ((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f) continue
    if (code >= 0x41 && code <= 0x5a) {
      hasUpperCase = true
      continue
    }
    if (code === 0x3a && isPort(value, i + 1)) {
      end = i
      break
    }
    return code === 0x5b && i === 0 ? normaliseLiteral(value) : null
  }
  if (end > 0 && value.charCodeAt(end - 1) === 0x2e) end--
  if (end === 0 || end > 253 || value.charCodeAt(0) === 0x2e) return null
  const host = end === value.length ? value : value.slice(0, end)
  return hasUpperCase ? host.toLowerCase() : host
}

/** `[::1]:8080` → `[::1]` */
const normaliseLiteral = (value: string): string | null => {
  const close = value.indexOf(']')
  if (close === -1 || !isIPv6(value.slice(1, close))) return null
  if (close + 1 < value.length && !(value[close + 1] === ':' && isPort(value, close + 2))) return null
  return value.slice(0, close + 1).toLowerCase()
}

/** Whether all that follows is a port; an empty one is allowed (RFC 3986, section 3.2.3). */
const isPort = (value: string, from: number): boolean => {
  if (value.length - from > 5) return false
  for (let i = from; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}
