import { describe, expect, it } from 'vitest'
import { renderBlocks } from './render-markdown.ts'

describe('renderBlocks', () => {
  it('writes tables whose cells stay cells', () => {
    const rows = [['a|b', [{ code: 'x\\\\|`y' }, { code: 'a-b' }], [{ link: 'http://h/a b|<c>&copy;', text: '[t]' }]]]
    expect(renderBlocks([{ kind: 'table', columns: ['A', 'B', 'C'], rows }])).toBe(
      [
        '| A | B | C |',
        '| --- | --- | --- |',
        '| a\\|b | <code>x&#92;&#92;&#124;&#96;y</code>`a-b` | [\\[t\\]](<http://h/a%20b%7C%3Cc%3E&amp;copy;>) |',
      ].join('\n'),
    )
  })

  it('writes text that is no markup, whatever is in it', () => {
    expect(renderBlocks([{ kind: 'paragraph', text: '<img src=x onerror=1> *a* _b_ `c` # ![d](e) &lt; $x$' }])).toBe(
      '\\<img src=x onerror=1\\> \\*a\\* \\_b\\_ \\`c\\` \\# \\!\\[d\\](e) \\&lt; \\$x\\$',
    )
  })

  it('writes addresses as links to what they are, without the escapes that are in their text', () => {
    expect(
      renderBlocks([{ kind: 'paragraph', text: '(https://git.example/my_repo?a=1&b=2), www.a_b.example ada_l@example.com 09:00' }]),
    ).toBe(
      '([https://git.example/my\\_repo?a=1\\&b=2](<https://git.example/my_repo?a=1&amp;b=2>)), www\\.a\\_b.example ada\\_l\\@example.com 09:00',
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
