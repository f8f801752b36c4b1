import { expect, it } from 'vitest'
import { oneLine } from './one-line.ts'

it.each([
  ['shop\n1002  evil', 'shop 1002  evil'],
  ['\u001b[2Jgone', ' [2Jgone'],
  ['a\u202eb\u2028c', 'a b c'],
  ['Zürich – 日本', 'Zürich – 日本'],
])('oneLine makes of %j %j', (text, line) => expect(oneLine(text)).toBe(line))
