/**
 * How paths are matched, wherever a path is named (routes, faults): on the path as it came, byte by byte and segment by
 * segment. Nothing is decoded and nothing is made shorter, because whoever answers the request reads the same bytes and
 * may read them otherwise than we guess:
 *
 * | prefix `/api` | |
 * |---|---|
 * | `/api`, `/api/`, `/api/x`, `/api?x`, `/api//x` | match |
 * | `/apix`, `/API`, `//api`, `/%61pi`, `/api%2Fx` | don't: they are other segments |
 * | `/api/../x`, `/api/%2e%2e/x` | match; but where paths decide who answers, they are refused: see `hasDotSegment` |
 *
 * So a prefix says who answers, never who may ask.
 */
export const isBelow = (prefix: string, path: string): boolean => {
  if (!path.startsWith(prefix)) return false
  if (path.length === prefix.length) return true
  const next = path.charCodeAt(prefix.length)
  return next === 0x2f || next === 0x3f
}

/** `/api/` and `/api` are one prefix; `/` is everything, which is the empty one. */
export const toPrefix = (path: string | undefined): string => {
  if (path === undefined) return ''
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end--
  return path.slice(0, end)
}

/**
 * Whether a segment is `.` or `..`, also with its dots encoded. Clients remove those before they send (RFC 3986, section
 * 5.2.4; WHATWG URL), so whoever sends one wants the gateway and the endpoint to understand different paths.
 */
export const hasDotSegment = (path: string): boolean => {
  if (!path.includes('/.') && !path.includes('/%2')) return false
  const query = path.indexOf('?')
  return dotSegment.test(query === -1 ? path : path.slice(0, query))
}
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i
