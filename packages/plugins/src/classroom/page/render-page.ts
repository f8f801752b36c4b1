import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ClassAnswer } from '../class-view.ts'

/** A page that carries all it needs: a classroom's network may end at its wall. */
export interface RenderedPage {
  readonly html: string
  /** Its `Content-Security-Policy`: its own style and script by their hashes, its own server, and nothing else. */
  readonly policy: string
}

const message = (title: string, text: string) => `<main class="message">
<h1 id="title">${title}</h1>
<p id="text">${text}</p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>`

const board = `<header>
<h1 id="class">Class</h1>
<p id="phase"></p>
<p id="link" role="status">Connecting</p>
<p><a href="page/students">List for the students</a></p>
</header>
<p id="alarm" role="alert" hidden></p>
<main>
<table>
<thead><tr><th>Seat</th><th>Student</th><th>State</th><th>Address</th><th>Used</th><th></th></tr></thead>
<tbody id="seats"></tbody>
</table>
<section aria-labelledby="report-title">
<h2 id="report-title">Report</h2>
<ul id="report"></ul>
</section>
</main>
<noscript><p>This page needs JavaScript.</p></noscript>`

/** The seats, and a button for each. Without any data: that comes when the browser has shown its pass. */
export const classPage = (): RenderedPage => render('Standin: class', board, read('class-page.js'))

/** What a link leads to: it shows the link and gets the pass. */
export const enterPage = (): RenderedPage =>
  render('Standin: class', message('One moment', 'You are being let in.'), read('enter-class.js'))

/** For a browser that has no pass. */
export const strangerPage = (): RenderedPage =>
  render(
    'Standin: class',
    message('Nobody let you in', 'Run <code>standin class link NAME</code> and open the link that it prints, here.'),
    '',
  )

/** Who finds what where: to be printed. */
export function studentsPage({ name, session, next, seats }: ClassAnswer): RenderedPage {
  const held = session ?? next
  const rows = seats.map(({ seat, student, url }) => {
    const address = url === null ? 'not there yet' : `<a href="${inHtml(url)}">${inHtml(url)}</a>`
    return `<tr><td>${seat}</td><td>${inHtml(student ?? '')}</td><td>${address}</td></tr>`
  })
  const body = `<main class="students">
<h1>${inHtml(name)}</h1>
<p>${held === null ? '' : `${minute(held.start)} to ${minute(held.end)} UTC`}</p>
<table>
<thead><tr><th>Seat</th><th>Student</th><th>Address</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</main>`
  return render(`${inHtml(name)}: seats`, body, '')
}

/** @param title as HTML */
function render(title: string, body: string, script: string): RenderedPage {
  const style = read('class-page.css')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body}
${script === '' ? '' : `<script>${script}</script>\n`}</body>
</html>
`
  const scripts = script === '' ? "'none'" : `'sha256-${sha256(script)}'`
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src ${scripts}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
  return { html, policy }
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? '')
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}

function read(name: string): string {
  return readFileSync(new URL(`./${name}`, import.meta.url), 'utf8').trim()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
