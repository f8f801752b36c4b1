import { enterPage, inHtml, type PassPage, readPart, renderPassPage, standinMark, strangerPage } from '@standin/core'
import type { ClassAnswer } from '../class-view.ts'

const page = `<header>
<h1>${standinMark}<span id="class">Class</span></h1>
<p id="link" role="status">Connecting</p>
<p id="students"><a href="page/students">List for the students</a></p>
</header>
<p id="alarm" role="alert" hidden></p>
<main>
<div class="now">
<p id="phase"></p>
<p id="ready" role="status"></p>
<p id="held"></p>
<p id="rest"></p>
<div class="bar" aria-hidden="true"><div id="bar"></div></div>
</div>
<p id="trouble" class="trouble" hidden></p>
<ul id="seats" aria-label="Seats"></ul>
<section aria-labelledby="report-title">
<h2 id="report-title">Report</h2>
<ul id="report"></ul>
</section>
</main>
<dialog id="ask" aria-labelledby="ask-title" aria-describedby="ask-text">
<h2 id="ask-title"></h2>
<p id="ask-text">What is in it now goes to the trash once the new one is up. Its address stays.</p>
<button id="ask-no" type="button" autofocus>Keep it</button><button id="ask-yes" type="button" class="destroy">Make it anew</button>
</dialog>
<noscript><p>This page needs JavaScript.</p></noscript>`

const part = (name: string) => readPart(new URL(`./${name}`, import.meta.url))
const head = { title: 'Standin: class', style: part('class-page.css'), verb: 'standin class link NAME' }

/** The seats, and a button for each (without any data: that comes when the browser has shown its pass), and what leads there. */
export const classPages = (): { readonly shown: PassPage; readonly enter: PassPage; readonly stranger: PassPage } => ({
  shown: renderPassPage({ ...head, body: page, script: { text: part('class-page.js') } }),
  enter: enterPage({ ...head, next: '../page' }),
  stranger: strangerPage(head),
})

/** Who finds what where: to be printed, or shown to all. */
export function studentsPage({ name, session, next, seats }: ClassAnswer): PassPage {
  const held = session ?? next
  const rows = seats.map(({ seat, student, url }) => {
    const shown = inHtml((url ?? '').replace(/^https?:\/\/|\/$/g, ''))
    const address = url === null ? 'not there yet' : `<a href="${inHtml(url)}" rel="noreferrer noopener">${shown}</a>`
    return `<tr><td>${seat}</td><td>${inHtml(student ?? '')}</td><td>${address}</td></tr>`
  })
  const body = `<main class="students">
<h1>${standinMark}<span>${inHtml(name)}</span></h1>
<p id="held">${held === null ? '' : inHtml(spanOf(held))}</p>
<table>
<thead><tr><th scope="col">Seat</th><th scope="col">Student</th><th scope="col">Address</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</main>`
  return renderPassPage({ ...head, title: `${name}: seats`, body })
}

/** `Monday, 2 March 2026, 09:00 – 12:00 (Europe/Berlin)`: by the clock on the wall of the classroom. */
function spanOf({ start, end, timeZone }: { start: string; end: string; timeZone: string }): string {
  const time = (at: string) => new Date(at).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
  const day = (at: string) =>
    new Date(at).toLocaleDateString('en-GB', { timeZone, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  return `${day(start)}, ${time(start)} – ${day(start) === day(end) ? '' : `${day(end)}, `}${time(end)} (${timeZone})`
}
