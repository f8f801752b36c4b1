import { STATUS_CODES } from 'node:http'

/**
 * The head of a response as text, latin1.
 * @param reason empty: the usual one of this status
 * @param headers names and values in turn
 * @param more further header lines, each with its CRLF
 */
export const responseHead = (status: number, reason: string, headers: readonly string[], more: string): string => {
  let text = `HTTP/1.1 ${status} ${reason === '' ? (STATUS_CODES[status] ?? '') : reason}\r\n`
  let hasDate = status < 200
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length === 4 && !hasDate) hasDate = name === 'Date' || name.toLowerCase() === 'date'
    text += `${name}: ${headers[i + 1]}\r\n`
  }
  // RFC 9110, section 6.6.1: whoever passes a response on that has no date adds it.
  if (!hasDate) text += `Date: ${httpDate()}\r\n`
  return `${text}${more}\r\n`
}

let date = ''
let dateOf = 0

/** Now, to the second (RFC 9110, section 5.6.7). */
export const httpDate = (): string => {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateOf) {
    dateOf = second
    date = new Date(second * 1000).toUTCString()
  }
  return date
}
