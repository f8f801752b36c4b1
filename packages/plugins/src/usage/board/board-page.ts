import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A page that carries all it needs: it runs on a network that ends at the building's wall. */
export interface BoardPage {
  readonly html: string
  /** Its `Content-Security-Policy`: its own style and script by their hashes, its own server, and nothing else. */
  readonly policy: string
  /** Changes with its content. */
  readonly version: string
}

// A ring that is not closed: what stands in, until the real one does.
const ring = '<circle cx="12" cy="12" r="9.5" opacity=".3"/><path d="M12 2.5a9.5 9.5 0 0 1 9.5 9.5"/>'
const mark = `<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" aria-hidden="true">${ring}<circle cx="12" cy="12" r="3" fill="currentColor" stroke="none"/></svg>`
const icon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#8aa4ff" stroke-width="3" stroke-linecap="round">${ring}</svg>`)}`

const tile = (id: string, title: string) => `<section class="tile" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p class="number"><span class="value">–</span><span class="unit"></span></p>
<p class="below"></p>
</section>`

const panel = (id: string, title: string) => `<section class="panel" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}<span class="count"></span></h2>
<ul></ul>
<p class="rest" hidden></p>
</section>`

const board = `<header>
<h1>${mark}<span>Standin</span></h1>
<p id="link" class="link" role="status">Connecting</p>
<p class="clock" aria-hidden="true"><span id="day"></span><span id="time"></span></p>
</header>
<p id="alarm" class="alarm" role="alert" hidden></p>
<main>
<div class="tiles">
${tile('environments', 'Environments up')}
${tile('svms', 'SVMs up')}
${tile('today', 'Today')}
${tile('month', 'This month')}
${tile('storage', 'Storage')}
</div>
<div id="panels" class="panels">
${panel('quotas', 'Near their quota')}
${panel('failed', 'Failed')}
${panel('next', 'Asleep next')}
${panel('projects', 'Projects that use most')}
${panel('owners', 'People who use most')}
</div>
</main>
<noscript><p class="alarm">This board needs JavaScript.</p></noscript>`

const message = (title: string, text: string) => `<main class="message">
<h1>${mark}<span id="title">${title}</span></h1>
<p id="text">${text}</p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>`

const read = (name: string) =>
  readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\n\s*/g, '\n')
    .trim()

/** The board itself. Without any data: that comes when the browser has shown its pass. */
export const boardPage = (): BoardPage => render('Standin: usage', board, read('board.js'))

/** What a link leads to: it shows the link and gets the pass. */
export const enterPage = (): BoardPage => render('Standin: usage', message('One moment', 'This screen is being let in.'), read('enter.js'))

/** For a browser that has no pass. */
export const strangerPage = (): BoardPage =>
  render(
    'Standin: usage',
    message('This screen has not been let in', 'Run <code>standin usage board</code> and open the link that it prints, here.'),
    '',
  )

function render(title: string, body: string, script: string): BoardPage {
  const style = read('board.css').replaceAll('\n', '')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="dark">
<title>${title}</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
${body}
${script === '' ? '' : `<script>${script}</script>\n`}</body>
</html>
`
  const scripts = script === '' ? "'none'" : `'sha256-${sha256(script)}'`
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src ${scripts}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
  return { html, policy, version: sha256(html) }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
