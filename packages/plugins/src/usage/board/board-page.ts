import { enterPage, type PassPage, readPart, renderPassPage, standinMark, strangerPage } from '@standin/core'

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
<h1>${standinMark}<span>Standin</span></h1>
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

const part = (name: string) => readPart(new URL(`./${name}`, import.meta.url))
const head = { title: 'Standin: usage', style: part('board.css').replaceAll('\n', ''), verb: 'standin usage board' }

/** The board itself (without any data: that comes when the browser has shown its pass), and what leads to it. */
export const boardPages = (): { readonly shown: PassPage; readonly enter: PassPage; readonly stranger: PassPage } => ({
  shown: renderPassPage({ ...head, body: board, script: { text: part('board.js') } }),
  enter: enterPage({ ...head, next: '../board' }),
  stranger: strangerPage(head),
})
