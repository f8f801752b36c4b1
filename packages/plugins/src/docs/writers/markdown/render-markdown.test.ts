import { describe, expect, it } from 'vitest'
import { renderBlocks } from './render-markdown.ts'

describe('renderBlocks', () => {
  it('writes tables whose cells stay cells', () => {
    const rows = [['a|b\nc', [{ code: 'x|`y' }], [{ link: 'http://h/a b|<c>', text: '[t]' }]]]
    expect(renderBlocks([{ kind: 'table', columns: ['A', 'B', 'C'], rows }])).toBe(
      ['| A | B | C |', '| --- | --- | --- |', '| a\\|b c | `` x\\|`y `` | [\\[t\\]](<http://h/a%20b%7C%3Cc%3E>) |'].join('\n'),
    )
  })

  it('writes text that is no markup, whatever is in it', () => {
    expect(renderBlocks([{ kind: 'paragraph', text: '<img src=x onerror=1> *a* _b_ `c` # ![d](e) &lt; $x$' }])).toBe(
      '\\<img src=x onerror=1\\> \\*a\\* \\_b\\_ \\`c\\` \\# \\!\\[d\\](e) \\&lt; \\$x\\$',
    )
  })

  it('draws a flowchart whose words are no part of its language', () => {
    const nodes = [
      { id: 'gateway', kind: 'gateway', lines: ['gateway'] },
      { id: 'web', kind: 'host', lines: ['we"b]', '80, 81'] },
    ] as const
    const drawn = renderBlocks([{ kind: 'drawing', topology: { nodes, arrows: [{ from: 'gateway', to: 'web', label: 'www|/api' }] } }])
    expect(drawn.split('\n')).toEqual([
      '```mermaid',
      'flowchart LR',
      '  n0(["gateway"])',
      '  n1["we#34;b#93;<br/>80, 81"]',
      '  n0 -->|"www#124;/api"| n1',
      '```',
    ])
  })
})
