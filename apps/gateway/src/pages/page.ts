import { readFileSync } from 'node:fs'

const style = readFileSync(new URL('./page.css', import.meta.url), 'utf8').replace(/\n\s*/g, '')

/** What a browser is shown in place of an application. It loads nothing: neither style nor image has an address of its own. */
export interface Page {
  readonly title: string
  /** HTML of the card. */
  readonly content: string
  /** What the card is like at first: the colour of its mark, and whether the mark moves. */
  readonly tone: 'bad' | 'good' | 'still' | ''
  /** Texts for the last line, escaped here. */
  readonly footer: readonly string[]
  /** HTML of the head. */
  readonly head?: string
  /** Runs at the end of the page. */
  readonly script?: string
}

/** @param nonce for the `Content-Security-Policy` of {@link pagePolicy}: letters and digits */
export const renderPage = ({ title, content, tone, footer, head = '', script }: Page, nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${icon}">
${head}<style nonce="${nonce}">${style}</style>
</head>
<body>
<main class="${tone}" id="card">
${content}
</main>
<footer>${footer.map((text) => `<span>${escapeHtml(text)}</span>`).join('')}</footer>
${script === undefined ? '' : `<script nonce="${nonce}">${script}</script>\n`}</body>
</html>
`

/** Lets a page run and look like what it brings itself, and reach no other host. */
export const pagePolicy = (nonce: string): string =>
  `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'`

/** A ring that is not closed: what stands in, until the real one does. */
export const mark = `<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" aria-hidden="true"><circle cx="12" cy="12" r="9.5" opacity=".25"/><path class="ring" d="M12 2.5a9.5 9.5 0 0 1 9.5 9.5"/><circle cx="12" cy="12" r="3" fill="currentColor" stroke="none"/></svg>`

// In the page itself: a browser would ask the application for its icon, and wake it for that.
const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5d7df5" stroke-width="3" stroke-linecap="round"><circle cx="12" cy="12" r="9" opacity=".35"/><path d="M12 3a9 9 0 0 1 9 9"/><circle cx="12" cy="12" r="3.5" fill="#5d7df5" stroke="none"/></svg>')}`

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Text of ours: what stands between backticks is code, and a host name is not broken at its hyphens. */
export const formatText = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]*)`/g, '<code>$1</code>')
    .replace(/[a-z0-9-]+(?:\.[a-z0-9-]+)+/g, '<span class="whole">$&</span>')
