import type { Topology, TopologyNode } from './page.ts'

const box = { width: 180, lineHeight: 20, padding: 12 }
const gap = { across: 110, down: 28 }
const margin = 20

interface Placed extends TopologyNode {
  readonly x: number
  readonly y: number
  readonly height: number
}

/** The topology from left to right: who asks stands left of who answers. A picture of its own, without scripts or links. */
export function drawSvg({ nodes, arrows }: Topology): string {
  const placed = place(nodes, arrows)
  const all = [...placed.values()]
  const width = Math.max(0, ...all.map(({ x }) => x + box.width)) + margin
  const height = Math.max(0, ...all.map((node) => node.y + node.height)) + margin
  const lines = arrows.flatMap(({ from, to, label }) => {
    const [a, b] = [placed.get(from), placed.get(to)]
    return a === undefined || b === undefined ? [] : [drawArrow(a, b, label)]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#44546f"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...lines,
    ...all.map(drawNode),
    '</svg>',
  ].join('\n')
}

/** A node stands in the column after the last one that asks it; a circle is cut where it closes. */
function place(nodes: Topology['nodes'], arrows: Topology['arrows']): Map<string, Placed> {
  const columns = new Map<string, number>()
  const columnOf = (id: string, path: ReadonlySet<string>): number => {
    const known = columns.get(id)
    if (known !== undefined) return known
    const before = arrows.filter((arrow) => arrow.to === id && !path.has(arrow.from)).map(({ from }) => from)
    const column = Math.max(-1, ...before.map((each) => columnOf(each, new Set(path).add(each)))) + 1
    columns.set(id, column)
    return column
  }
  const heights: number[] = []
  const placed = new Map<string, Placed>()
  for (const node of nodes) {
    const column = columnOf(node.id, new Set([node.id]))
    const y = heights[column] ?? margin
    const height = node.lines.length * box.lineHeight + 2 * box.padding
    placed.set(node.id, { ...node, x: margin + column * (box.width + gap.across), y, height })
    heights[column] = y + height + gap.down
  }
  return placed
}

function drawNode({ x, y, height, lines, kind }: Placed): string {
  const rounded = kind === 'gateway' ? Math.round(height / 2) : 6
  const texts = lines.map((line, index) => {
    const baseline = y + box.padding + (index + 0.75) * box.lineHeight
    return `<text x="${x + box.width / 2}" y="${baseline}" text-anchor="middle" fill="#172b4d"${index === 0 ? ' font-weight="bold"' : ''}>${escapeXml(line)}</text>`
  })
  const shape = `<rect x="${x}" y="${y}" width="${box.width}" height="${height}" rx="${rounded}" fill="#f1f4f9" stroke="#44546f"/>`
  return [shape, ...texts].join('')
}

function drawArrow(from: Placed, to: Placed, label: string): string {
  const [x1, y1, y2] = [from.x + box.width, from.y + from.height / 2, to.y + to.height / 2]
  const isForward = to.x >= x1
  const x2 = isForward ? to.x : to.x + box.width
  const bend = gap.across / 2
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${isForward ? x2 - bend : x2 + bend} ${y2} ${x2} ${y2}`
  const text = `<text x="${(x1 + x2) / 2}" y="${(y1 + y2) / 2 - 6}" text-anchor="middle" fill="#44546f" font-size="12">${escapeXml(label)}</text>`
  return `<path d="${path}" fill="none" stroke="#44546f" marker-end="url(#tip)"/>${label === '' ? '' : text}`
}

/** For text and attribute values (XML 1.0, section 2.4); characters that no XML may hold are left out. */
export function escapeXml(text: string): string {
  const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is left out
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replace(/[&<>"']/g, (sign) => references[sign] ?? sign)
}
