import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A page that carries all it needs: it may be looked at where the network ends at the building's wall. */
export interface PassPage {
  readonly html: string
  /** Its `Content-Security-Policy`: its own style and script by their hashes, its own server, and nothing else. */
  readonly policy: string
  /** Changes with its content. */
  readonly version: string
}

interface PassPageParts {
  readonly title: string
  readonly style: string
  /** HTML: whatever is in it that others wrote went through {@link inHtml}. */
  readonly body: string
  readonly script?: { readonly text: string; readonly data?: Readonly<Record<string, string>> }
}

// A ring that is not closed: what stands in, until the real one does.
const ring = '<circle cx="12" cy="12" r="9.5" opacity=".3"/><path d="M12 2.5a9.5 9.5 0 0 1 9.5 9.5"/>'
const icon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#8aa4ff" stroke-width="3" stroke-linecap="round">${ring}</svg>`)}`
/** Before a title: an `svg.mark`, in the colour of its text. */
export const standinMark = `<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" aria-hidden="true">${ring}<circle cx="12" cy="12" r="3" fill="currentColor" stroke="none"/></svg>`

export function renderPassPage({ title, style, body, script }: PassPageParts): PassPage {
  const data = Object.entries(script?.data ?? {}).map(([name, value]) => ` data-${name}="${inHtml(value)}"`)
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${inHtml(title)}</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script${data.join('')}>${script.text}</script>\n`}</body>
</html>
`
  const scripts = script === undefined ? "'none'" : `'sha256-${sha256(script.text)}'`
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src ${scripts}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
  return { html, policy, version: sha256(html) }
}

/** What a link leads to: it shows the link and gets the pass. @param verb prints a new link @param next the page, from there */
export function enterPage(parts: { title: string; style: string; verb: string; next: string }): PassPage {
  const { title, style, verb, next } = parts
  const script = { text: readPart(new URL('./enter-page.js', import.meta.url)), data: { next, verb } }
  return renderPassPage({ title, style, body: saying('One moment', 'You are being let in.'), script })
}

/** For a browser that has no pass. @param verb prints a link */
export function strangerPage({ title, style, verb }: { title: string; style: string; verb: string }): PassPage {
  const how = `Run <code>${inHtml(verb)}</code> and open the link that it prints, here.`
  return renderPassPage({ title, style, body: saying('This browser has not been let in', how) })
}

function saying(title: string, text: string): string {
  return `<main class="message">
<h1>${standinMark}<span id="title">${title}</span></h1>
<p id="text">${text}</p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>`
}

/** A script or style sheet, without what is there for whoever reads the file. */
export function readPart(file: URL): string {
  return readFileSync(file, 'utf8')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\n\s*/g, '\n')
    .trim()
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Other people's words, as text or as the value of an attribute. */
export function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? '')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
