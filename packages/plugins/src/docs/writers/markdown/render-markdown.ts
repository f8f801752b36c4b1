import type { Block, Page, Part, Text, Topology } from '../../page/page.ts'
import { parts } from '../../page/page.ts'

/** GitHub Flavored Markdown, the drawing as a Mermaid flowchart. Without the title. */
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
  if ('code' in part) return renderCode(part.code)
  return `[${escapeText(part.text)}](<${part.link.replace(/[<>\s|\\]/g, (found) => encodeURIComponent(found))}>)`
}

/** Nothing in it is markup, and it stays on its line. */
export function escapeText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>|#~&!$]/g, '\\$&')
}

/** A run of backticks is longer than every run within (GFM, section 6.3); a bar would end the cell of a table. */
function renderCode(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|')
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`
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
