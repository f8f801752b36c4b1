import { randomBytes } from 'node:crypto'
import type { StandinError } from '@standin/client/errors'
import type { ClientStream, RequestHead } from '../http/client-stream.ts'
import { pagePolicy } from '../pages/page.ts'
import { problemPage } from '../pages/problem-page.ts'

/** A response that the gateway gives itself. */
export interface OwnResponse {
  readonly status: number
  /** Names and values in turn, `Content-Length` not among them. */
  readonly headers: string[]
  readonly body: Buffer
}

/** A problem document (RFC 9457), or a page for a browser. */
export const problemResponse = (
  error: StandinError,
  { head, host, id }: { readonly head: RequestHead; readonly host: string; readonly id: string },
  retryAfterSeconds?: number,
): OwnResponse => {
  const html = prefersHtml(head)
  const nonce = html ? randomBytes(12).toString('hex') : ''
  const body = Buffer.from(html ? problemPage(error, { requestId: id, host, nonce }) : `${JSON.stringify(error.toProblem())}\n`)
  const headers = [
    'Content-Type',
    html ? 'text/html; charset=utf-8' : 'application/problem+json',
    'Cache-Control',
    'no-store',
    'Vary',
    'Accept',
    'X-Content-Type-Options',
    'nosniff',
  ]
  if (html) headers.push('Content-Security-Policy', pagePolicy(nonce))
  if (id !== '') headers.push('X-Request-Id', id)
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', String(retryAfterSeconds))
  return { status: error.status, headers, body }
}

/** @param close it is the last one on its connection */
export const sendOwn = (stream: ClientStream, { status, headers, body }: OwnResponse, close: boolean): void => {
  stream.respond(status, '', [...headers, 'Content-Length', String(body.length)], body.length, close)
  stream.write(body)
  stream.end(null)
}

/** Browsers name `text/html` when they load a page; scripts and API clients don't. */
const prefersHtml = (head: RequestHead): boolean => headerValue(head.raw, 'accept')?.includes('text/html') === true

/** The first value of a header; undefined where there is none. @param name in lower case */
export const headerValue = (raw: readonly string[], name: string): string | undefined => {
  for (let i = 0; i < raw.length; i += 2) {
    const other = raw[i] as string
    if (other.length === name.length && other.toLowerCase() === name) return raw[i + 1]
  }
  return undefined
}
