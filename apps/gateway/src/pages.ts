import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StandinError } from '@standin/client/errors'

/** Answers with a problem document (RFC 9457), or with a page for a browser. Returns the bytes of its body. */
export const sendProblem = (
  req: IncomingMessage,
  res: ServerResponse,
  error: StandinError,
  requestId: string,
  retryAfterSeconds?: number,
): number => {
  const html = prefersHtml(req.headers.accept)
  const body = Buffer.from(html ? renderPage(error, requestId) : `${JSON.stringify(error.toProblem())}\n`)
  const headers = [
    'Content-Type',
    html ? 'text/html; charset=utf-8' : 'application/problem+json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'Vary',
    'Accept',
    'X-Content-Type-Options',
    'nosniff',
  ]
  if (html) headers.push('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
  if (requestId !== '') headers.push('X-Request-Id', requestId)
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', String(retryAfterSeconds))
  res.writeHead(error.status, headers)
  res.end(body)
  return body.length
}

/** Browsers name `text/html` when they load a page; scripts and API clients don't. */
const prefersHtml = (accept: string | undefined): boolean => accept?.includes('text/html') === true

const renderPage = (error: StandinError, requestId: string): string => {
  const problem = error.toProblem()
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(problem.title)}</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 40rem; margin: 15vh auto; padding: 0 1.5rem }
  h1 { font-size: 1.4rem }
  footer { margin-top: 3rem; opacity: .65; font-size: .85rem }
</style>
<h1>${escapeHtml(problem.title)}</h1>
<p>${escapeHtml(problem.detail)}</p>
${problem.hint === undefined ? '' : `<p>${escapeHtml(problem.hint)}</p>\n`}<footer>${problem.status} ${escapeHtml(problem.code)}${
    requestId === '' ? '' : ` · request ${escapeHtml(requestId)}`
  } · Standin gateway</footer>
</html>
`
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
