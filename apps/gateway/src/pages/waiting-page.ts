import { readFileSync } from 'node:fs'
import type { HostProgress } from '@standin/client'
import type { Status } from '../wake/status.ts'
import { escapeHtml, formatText, mark, renderPage } from './page.ts'

const script = readFileSync(new URL('./waiting.js', import.meta.url), 'utf8')
  .replace(/^\s*\/\/.*$/gm, '')
  .replace(/\n\s*/g, '\n')
  .trim()
  // A lone arrow function; what is called has to stand in parentheses.
  .replace(/^;/, '')

/** Seconds after which a browser that runs no scripts loads the page again. */
export const refreshSeconds = 2

/**
 * Shows how far an environment is on its way, live, and goes on by itself when it runs.
 * @param about `address`: where a browser that runs no scripts looks again. It is written out because Chromium takes a refresh
 *   without it for a jump to the fragment of the page that it shows
 */
export const waitingPage = (status: Status, about: { requestId: string; host: string; nonce: string; address: string }): string =>
  renderPage(
    {
      title: status.title,
      tone: '',
      head: `<noscript><meta http-equiv="refresh" content="${refreshSeconds}; url=${escapeHtml(about.address)}"></noscript>\n`,
      content: `<p class="above">${mark}<span>${escapeHtml(about.host)}</span></p>
<div role="status" aria-live="polite">
<h1 id="title">${escapeHtml(status.title)}</h1>
<p id="status" class="soft">${formatText(status.says)}</p>
<p id="hint" class="hint" hidden></p>
</div>
<ul id="hosts" class="hosts"${status.hosts.length === 0 ? ' hidden' : ''}>${status.hosts.map(hostRow).join('')}</ul>
<p id="below" class="below" hidden><span>Your page opens by itself.</span><span id="time" class="time" aria-hidden="true">0 s</span></p>
<noscript><p class="below">This page looks again every ${refreshSeconds} seconds.</p></noscript>
<button id="again" type="button" hidden>Wake it</button>
<template id="row">${hostRow({ name: '', ready: 0, wanted: 1 })}</template>`,
      footer: [`environment ${status.environment}`, ...(about.requestId === '' ? [] : [`request ${about.requestId}`]), 'Standin gateway'],
      // `<` can't end the script element then.
      script: `(${script})(${JSON.stringify(status).replaceAll('<', '\\u003c')})`,
    },
    about.nonce,
  )

const hostRow = ({ name, ready, wanted }: HostProgress): string => {
  const isReady = ready >= wanted
  const count = isReady ? 'ready' : wanted === 1 ? 'waiting' : `${ready} of ${wanted} ready`
  return `<li${isReady ? ' class="ready"' : ''}><span class="name">${escapeHtml(name)}</span><progress value="${wanted === 0 ? 1 : ready}" max="${Math.max(1, wanted)}" aria-label="${escapeHtml(name)}"></progress><span class="count">${count}</span></li>`
}
