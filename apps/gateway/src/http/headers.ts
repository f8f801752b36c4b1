/**
 * What a header is to a proxy. Names come in any case and by the thousand every millisecond, so this looks at length
 * and first letter before it compares.
 */
export const HeaderClass = {
  endToEnd: 0,
  /** Meant for this connection alone, or replaced by what we know ourselves (RFC 9110, section 7.6.1). */
  dropped: 1,
  host: 2,
  connection: 3,
  upgrade: 4,
  contentLength: 5,
  transferEncoding: 6,
  via: 7,
  requestId: 8,
  expect: 9,
  te: 10,
  /** `Forwarded`, `X-Forwarded-*` and `X-Real-IP`: believed if a trusted peer sends them. */
  forwarded: 11,
} as const
export type HeaderClass = (typeof HeaderClass)[keyof typeof HeaderClass]

const { endToEnd, dropped } = HeaderClass

/** Class of a request header. */
export const classifyRequestHeader = (name: string): HeaderClass => {
  const initial = name.charCodeAt(0) | 0x20
  switch (name.length) {
    case 2: // TE
      return initial === 0x74 && is(name, 'te') ? HeaderClass.te : endToEnd
    case 3:
      return initial === 0x76 && is(name, 'via') ? HeaderClass.via : endToEnd
    case 4:
      return initial === 0x68 && is(name, 'host') ? HeaderClass.host : endToEnd
    case 5: // A CGI program would read it as HTTP_PROXY (httpoxy, CVE-2016-5385).
      return initial === 0x70 && is(name, 'proxy') ? dropped : endToEnd
    case 6:
      return initial === 0x65 && is(name, 'expect') ? HeaderClass.expect : endToEnd
    case 7:
      if (initial === 0x75 && is(name, 'upgrade')) return HeaderClass.upgrade
      return initial === 0x74 && is(name, 'trailer') ? dropped : endToEnd
    case 9:
      if (initial === 0x78 && is(name, 'x-real-ip')) return HeaderClass.forwarded
      return initial === 0x66 && is(name, 'forwarded') ? HeaderClass.forwarded : endToEnd
    case 10:
      if (initial === 0x63 && is(name, 'connection')) return HeaderClass.connection
      return initial === 0x6b && is(name, 'keep-alive') ? dropped : endToEnd
    case 12:
      return initial === 0x78 && is(name, 'x-request-id') ? HeaderClass.requestId : endToEnd
    case 14:
      if (initial === 0x63 && is(name, 'content-length')) return HeaderClass.contentLength
      return initial === 0x68 && is(name, 'http2-settings') ? dropped : endToEnd
    case 19:
      if (initial === 0x70 && is(name, 'proxy-authorization')) return dropped
      break
    case 16:
      if (initial === 0x70 && is(name, 'proxy-connection')) return dropped
      break
    case 17:
      if (initial === 0x74 && is(name, 'transfer-encoding')) return HeaderClass.transferEncoding
      break
  }
  return initial === 0x78 && name.length > 12 && name.slice(0, 12).toLowerCase() === 'x-forwarded-' ? HeaderClass.forwarded : endToEnd
}

/** Whether a response header stops here. `transfer-encoding` does as well: bodies are framed anew. */
export const classifyResponseHeader = (name: string): HeaderClass => {
  const initial = name.charCodeAt(0) | 0x20
  switch (name.length) {
    case 2:
      return initial === 0x74 && is(name, 'te') ? dropped : endToEnd
    case 7:
      if (initial === 0x75 && is(name, 'upgrade')) return HeaderClass.upgrade
      return initial === 0x74 && is(name, 'trailer') ? dropped : endToEnd
    case 10:
      if (initial === 0x63 && is(name, 'connection')) return HeaderClass.connection
      return initial === 0x6b && is(name, 'keep-alive') ? dropped : endToEnd
    case 14:
      return initial === 0x63 && is(name, 'content-length') ? HeaderClass.contentLength : endToEnd
    case 16:
      return initial === 0x70 && is(name, 'proxy-connection') ? dropped : endToEnd
    case 17:
      return initial === 0x74 && is(name, 'transfer-encoding') ? HeaderClass.transferEncoding : endToEnd
    case 18:
      return initial === 0x70 && is(name, 'proxy-authenticate') ? dropped : endToEnd
  }
  return endToEnd
}

/** Headers that `Connection` names besides `close` and `keep-alive`, in lower case; null where there are none, as nearly always. */
export const connectionNamed = (value: string): string[] | null => {
  if (value === 'keep-alive' || value === 'close' || value === 'Keep-Alive' || value === 'Upgrade') return null
  const names = value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !kept.has(name))
  return names.length === 0 ? null : names
}

/** Naming these in `Connection` must not take them away: they frame or route the message, or are handled on their own. */
const kept = new Set(['close', 'keep-alive', 'upgrade', 'host', 'content-length', 'transfer-encoding'])

/** Removes, in place, all pairs whose name is in `names` from a flat list of names and values, from index `from` on. */
export const removeNamed = (headers: string[], names: readonly string[], from = 0): void => {
  let kept = from
  for (let i = from; i < headers.length; i += 2) {
    if (names.includes((headers[i] as string).toLowerCase())) continue
    headers[kept] = headers[i] as string
    headers[kept + 1] = headers[i + 1] as string
    kept += 2
  }
  headers.length = kept
}

const is = (name: string, lowerCase: string) => name === lowerCase || name.toLowerCase() === lowerCase
