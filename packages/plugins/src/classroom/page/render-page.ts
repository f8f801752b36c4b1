import { enterPage, inHtml, type PassPage, readPart, renderPassPage, strangerPage } from '@standin/core'
import type { ClassAnswer } from '../class-view.ts'

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

const part = (name: string) => readPart(new URL(`./${name}`, import.meta.url))
const head = { title: 'Standin: class', style: part('class-page.css'), verb: 'standin class link NAME' }

/** The seats, and a button for each (without any data: that comes when the browser has shown its pass), and what leads there. */
export const classPages = (): { readonly shown: PassPage; readonly enter: PassPage; readonly stranger: PassPage } => ({
  shown: renderPassPage({ ...head, body: board, script: { text: part('class-page.js') } }),
  enter: enterPage({ ...head, next: '../page' }),
  stranger: strangerPage(head),
})

/** Who finds what where: to be printed. */
export function studentsPage({ name, session, next, seats }: ClassAnswer): PassPage {
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
  return renderPassPage({ ...head, title: `${name}: seats`, body })
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}
