import { StandinError } from '@standin/client'
import { escapeXml } from '../../page/draw-svg.ts'
import type { Block, Page, Part, Text } from '../../page/page.ts'
import { parts } from '../../page/page.ts'

/** Name of the attachment that a drawing is. */
export const drawingFile = 'standin-topology.svg'

const marks = { page: 'standin-page-', begin: 'standin-yours-begin', end: 'standin-yours-end' }
const invitation = '<p><em>What you write between here and the end of the page is kept.</em></p>'

/**
 * A page in Confluence's storage format: ours, then a part for what people write. Anchors, which nobody sees, tell which is
 * which and whose page it is; they are made in the same step as the page.
 * @param mark whose page it is: letters, digits, dashes
 * @param own what people wrote, as it stands there; null: nothing yet
 */
export function renderPage(page: Page, mark: string, own: string | null): string {
  return [
    anchor(`${marks.page}${mark}`),
    ...page.blocks.map(renderBlock),
    '<h2>Notes</h2>',
    anchor(marks.begin),
    own ?? invitation,
    anchor(marks.end),
  ].join('')
}

/** Confluence adds attributes and parameters to what it is given, and may put another paragraph around it. */
const parameter = '<ac:parameter ac:name="[^"]+">[^<]*</ac:parameter>\\s*'
const anchored = (name: string) =>
  `(?:<p(?:\\s[^>]*)?>\\s*)?<ac:structured-macro\\b[^>]*\\bac:name="anchor"[^>]*>\\s*(?:${parameter})*<ac:parameter ac:name="">${name}</ac:parameter>\\s*(?:${parameter})*</ac:structured-macro>(?:\\s*</p>)?`

/** @returns the mark of the page that Standin made; null: it is somebody else's */
export function markOf(body: string): string | null {
  return new RegExp(anchored(`${marks.page}([a-z0-9-]+)`)).exec(body)?.[1] ?? null
}

/**
 * What people wrote on a page of ours.
 * @throws StandinError `state_conflict` where it can't be told what is theirs: nothing is written over it then
 */
export function ownPartOf(body: string, title: string): string {
  const [begins, ends] = [
    [...body.matchAll(new RegExp(anchored(marks.begin), 'g'))],
    [...body.matchAll(new RegExp(anchored(marks.end), 'g'))],
  ]
  const [begin, end] = [begins[0], ends[0]]
  const isOne = begin !== undefined && end !== undefined && begins.length === 1 && ends.length === 1
  const own = isOne && end.index >= begin.index + begin[0].length ? whole(body.slice(begin.index + begin[0].length, end.index)) : null
  if (own !== null) return own
  throw new StandinError('state_conflict', `the page '${title}' has lost its anchors: what on it is yours can not be told`, {
    hint: `Bring back an older version of the page, or delete it: it is made anew then.`,
  })
}

const tag = /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<(?<end>\/?)(?<name>[a-zA-Z][\w:-]*)(?:"[^"]*"|'[^']*'|[^'">])*?(?<empty>\/?)>/g
/** What an anchor may stand in the middle of. */
const divisible = /^(p|span|strong|b|em|i|u|s|del|code|sub|sup|h[1-6])$/

/** People write in front of an anchor and behind it: what it stands in is cut in two. @returns null: something else is torn */
function whole(part: string): string | null {
  const open: string[] = []
  const opened: string[] = []
  for (const { groups } of part.matchAll(tag)) {
    const { name, end, empty } = groups as Record<'name' | 'end' | 'empty', string | undefined>
    if (name === undefined || empty === '/') continue
    if (end !== '/') open.push(name)
    else if (open.length === 0) opened.push(name)
    else if (open.pop() !== name) return null
  }
  if (![...opened, ...open].every((name) => divisible.test(name))) return null
  // Both anchors stand in it.
  if (opened.length + open.length === 0 && /^\s*[^<\s]/.test(part)) return `<p>${part}</p>`
  const tags = (names: readonly string[], sign: string) => names.map((name) => `<${sign}${name}>`).join('')
  return `${tags(opened.toReversed(), '')}${part}${tags(open.toReversed(), '/')}`
}

const anchor = (name: string) =>
  `<p><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">${name}</ac:parameter></ac:structured-macro></p>`

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escapeXml(block.text)}</h2>`
    case 'paragraph':
      return `<p>${renderText(block.text)}</p>`
    case 'table':
      return renderTable(block.columns, block.rows)
    case 'drawing':
      return `<ac:image ac:alt="Who asks whom"><ri:attachment ri:filename="${drawingFile}" /></ac:image>`
  }
}

function renderTable(columns: readonly string[], rows: readonly (readonly Text[])[]): string {
  const isHeaded = columns.some((column) => column !== '')
  const head = `<tr>${columns.map((column) => `<th>${escapeXml(column)}</th>`).join('')}</tr>`
  const body = rows.map((row) => {
    const cells = row.map((cell, index) => (index === 0 && !isHeaded ? `<th>${renderText(cell)}</th>` : `<td>${renderText(cell)}</td>`))
    return `<tr>${cells.join('')}</tr>`
  })
  return `<table><tbody>${isHeaded ? head : ''}${body.join('')}</tbody></table>`
}

const renderText = (text: Text) => parts(text).map(renderPart).join('')

function renderPart(part: Part): string {
  if (typeof part === 'string') return escapeXml(part)
  if ('code' in part) return `<code>${escapeXml(part.code)}</code>`
  return `<a href="${escapeXml(part.link)}">${escapeXml(part.text)}</a>`
}
