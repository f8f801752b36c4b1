import type { StandinError } from '@standin/client/errors'
import { escapeHtml, formatText, mark, renderPage } from './page.ts'

/** A problem (RFC 9457) as a page: what happened, to which thing, and what to do next. */
export const problemPage = (error: StandinError, about: { requestId: string; host: string; nonce: string }): string => {
  const { title, detail, hint, status, code } = error.toProblem()
  return renderPage(
    {
      title,
      tone: status >= 500 ? 'bad' : 'still',
      content: `<p class="above">${mark}<span>${about.host === '' ? 'Standin' : escapeHtml(about.host)}</span></p>
<h1>${escapeHtml(title)}</h1>
<p>${formatText(detail)}${/[.?!]$/.test(detail) ? '' : '.'}</p>
${hint === undefined ? '' : `<p class="hint">${formatText(hint)}${/[.?!]$/.test(hint) ? '' : '.'}</p>`}`,
      footer: [`${status} ${code}`, ...(about.requestId === '' ? [] : [`request ${about.requestId}`]), 'Standin gateway'],
    },
    about.nonce,
  )
}
