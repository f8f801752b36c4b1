import { expect, it } from 'vitest'
import { oneLine, plainLines } from './one-line.ts'

it.each([
  ['shop\n1002  evil', 'shop 1002  evil'],
  ['\u001b[2Jgone', ' [2Jgone'],
  ['a\u202eb\u2028c', 'a b c'],
  ['Zürich – 日本', 'Zürich – 日本'],
])('oneLine makes of %j %j', (text, line) => expect(oneLine(text)).toBe(line))

it('plainLines leaves lines as they are, and takes out the rest', () => {
  expect(plainLines('exit code 1\n\u001b[31mred\r\nend')).toBe('exit code 1\n [31mred \nend')
})
