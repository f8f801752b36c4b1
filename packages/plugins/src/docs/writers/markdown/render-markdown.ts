import type { Block, Page, Part, Text, Topology } from '../../page/page.ts'
import { parts } from '../../page/page.ts'

/** GitHub Flavored Markdown, the drawing as a Mermaid flowchart. Without the title. Texts are plain lines. */
export function renderBlocks(blocks: Page['blocks']): string {
  return blocks.map(renderBlock).join('\n\n')
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${escapeText(block.text)}`
    case 'paragraph':
      return renderText(block.text)
    case 'table':
      return renderTable(block.columns, block.rows)
    case 'drawing':
      return `\`\`\`mermaid\n${renderFlowchart(block.topology)}\n\`\`\``
  }
}

export function renderTable(columns: readonly string[], rows: readonly (readonly Text[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns.map(escapeText)), line(columns.map(() => '---')), ...rows.map((row) => line(row.map(renderText)))].join('\n')
}

function renderText(text: Text): string {
  return parts(text).map(renderPart).join('')
}

function renderPart(part: Part): string {
  if (typeof part === 'string') return escapeText(part)
  return 'code' in part ? renderCode(part.code) : renderLink(part.text, part.link)
}

function renderLink(text: string, link: string): string {
  const address = link.replace(/[<>\s|\\]/g, (found) => encodeURIComponent(found)).replaceAll('&', '&amp;')
  return `[${escapeSigns(text)}](<${address}>)`
}

/** An address would become a link by itself, with the escapes that are in it (GFM, section 6.9): it is made one without. */
const address = /(https?:\/\/[^\s<>|"'`\\]*[\w/=-])/

/** Nothing in it is markup; addresses are links. */
export function escapeText(text: string): string {
  const [first = '', ...rest] = text.split(address)
  return rest.reduce((done, each, index) => done + (index % 2 === 0 ? renderLink(each, each) : escapeWords(each)), escapeWords(first))
}

/** Nor do mail addresses, `www.` and what is left of addresses become links. */
function escapeWords(text: string): string {
  return escapeSigns(text).replace(/@(?=[\w-]+\.)|:(?=\/\/)|(?<=www)\./gi, '\\$&')
}

function escapeSigns(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#~&!$]/g, '\\$&')
}

/** As HTML where there is anything in it that ends a cell, a span of code, or that looks like a mark of ours. */
function renderCode(text: string): string {
  if (/^[\w.,:;/@+= -]*[\w.,:;/@+=-]$/.test(text)) return `\`${text}\``
  return `<code>${text.replace(/[^\p{L}\p{N} ]/gu, (found) => `&#${found.codePointAt(0)};`)}</code>`
}

function renderFlowchart({ nodes, arrows }: Topology): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const boxes = nodes.map(({ id, kind, lines }) => {
    const [open, close] = kind === 'gateway' ? ['([', '])'] : ['[', ']']
    return `  ${ids.get(id)}${open}"${lines.map(escapeMermaid).join('<br/>')}"${close}`
  })
  const lines = arrows.map(({ from, to, label }) => {
    return `  ${ids.get(from)} -->${label === '' ? '' : `|"${escapeMermaid(label)}"|`} ${ids.get(to)}`
  })
  return ['flowchart LR', ...boxes, ...lines].join('\n')
}

/** Entities as Mermaid writes them: `#quot;`. */
const escapeMermaid = (text: string) => text.replace(/[^\p{L}\p{N} .,:/_×-]/gu, (found) => `#${found.codePointAt(0)};`)
