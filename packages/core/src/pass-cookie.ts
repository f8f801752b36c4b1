import type { IncomingHttpHeaders } from 'node:http'
import { StandinError } from '@standin/client'
import Type from 'typebox'
import type { PagePass, PagePasses } from './page-passes.ts'
import type { PassPage } from './pass-page.ts'

/** Of every answer to a browser with a pass: nothing of it is kept, framed, or read by a page of another origin. */
export const passPageHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** What the page behind a link sends. */
export const PassEntry = Type.Object(
  { code: Type.String({ maxLength: 200 }), secure: Type.Boolean({ default: false }) },
  { additionalProperties: false },
)
export type PassEntry = Type.Static<typeof PassEntry>

interface Answer {
  headers(values: Readonly<Record<string, string>>): Answer
  type(mediaType: string): Answer
  send(body: string): Answer
}

export function sendPassPage(reply: Answer, { html, policy }: PassPage): Answer {
  return reply
    .headers({ ...passPageHeaders, 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(html)
}

/** `Set-Cookie` for whom was let in: no script can read it, and no other site has it sent (RFC 6265bis, section 4.1.2). */
export function passCookie(cookie: string, path: string, entered: { text: string; pass: PagePass }, secure: boolean): string {
  const { text, pass } = entered
  const seconds = Math.floor((Date.parse(pass.expiresAt) - Date.parse(pass.createdAt)) / 1000)
  return `${cookie}=${text}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

/**
 * Of several cookies of this name (a sibling of this host may set one for both), any that is good will do.
 * @param name which page it has to be for; undefined: any
 */
export async function passOf(
  headers: IncomingHttpHeaders,
  cookie: string,
  passes: PagePasses,
  name?: string,
): Promise<{ text: string; pass: PagePass } | null> {
  for (const part of (headers.cookie ?? '').split(';').slice(0, 50)) {
    const [key, text = ''] = part.trim().split('=')
    if (key !== cookie) continue
    const pass = await passes.check(text)
    if (pass !== null && (name === undefined || pass.name === name)) return { text, pass }
  }
  return null
}

/**
 * What a browser sends for a page of another origin (W3C Fetch Metadata); SameSite=Strict lets those of its own site through.
 * @throws StandinError `forbidden`
 */
export function refuseForeignPage(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw new StandinError('forbidden', 'only the page itself may ask for this', {})
}
