import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interpolate } from './interpolate.ts'

const values: Record<string, string> = { FOO: 'first', EMPTY: '', _x1: 'low' }
const lookup = (name: string) => values[name]

describe('interpolate', () => {
  it.each([
    ['plain', 'plain'],
    ['$FOO', 'first'],
    ['${FOO}', 'first'],
    ['$FOO-bar', 'first-bar'],
    ['$_x1', 'low'],
    ['a $$FOO b', 'a $FOO b'],
    ['$$$$', '$$'],
    ['$${FOO}', '${FOO}'],
    ['$$$FOO', '$first'],
    ['$(date) $1 $ $', '$(date) $1 $ $'],
    ['${NONE:-d}', 'd'],
    ['${NONE-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${FOO:-d}', 'first'],
    ['${FOO:+s}', 's'],
    ['${EMPTY:+s}', ''],
    ['${EMPTY+s}', 's'],
    ['${NONE+s}', ''],
    ['${FOO:?e}', 'first'],
    ['${EMPTY?e}', ''],
    ['${EMPTY:-/non:-alphanumeric}', '/non:-alphanumeric'],
    ['${NONE:-}', ''],
    ['${NONE:-$FOO}', 'first'],
    ['${NONE:-${FOO}}', 'first'],
    ['${NONE-${FOO} ${FOO}}', 'first first'],
    ['${NONE:-${EMPTY:-${FOO}}}', 'first'],
    ['${EMPTY+$FOO ${FOO:+second}}', 'first second'],
    ['${NONE:-{"a": 1}}', '{"a": 1}'],
    ['${FOO:-{"a": {}}}', 'first'],
    ['-ok ${EMPTY:-d}', '-ok d'],
    [':?ok ${EMPTY-d}', ':?ok '],
    ['${NONE:-$$FOO}', '$FOO'],
    ['${STANDIN_ADDRESS}:80', '${STANDIN_ADDRESS}:80'],
    ['$STANDIN_ADDRESS:80', '${STANDIN_ADDRESS}:80'],
    ['${NONE:-$STANDIN_HOST}', '${STANDIN_HOST}'],
  ])('%s is %s', (text, result) => {
    expect(interpolate(text, lookup)).toMatchObject({ text: result, errors: [] })
  })

  it.each([
    ['${', 'no closing brace'],
    ['${FOO', 'no closing brace'],
    ['${}', 'is no variable'],
    ['${ FOO}', 'is no variable'],
    ['${FOO }', 'is no variable'],
    ['${FOO!}', 'is no variable'],
    ['${FOO/a/b}', 'is no variable'],
    ['${1A}', 'is no variable'],
    ['${NONE:?say it}', 'the variable NONE is needed but not set: say it'],
    ['${EMPTY:?}', 'the variable EMPTY is needed but empty'],
    ['${NONE?for $FOO}', 'not set: for first'],
    ['${STANDIN_ADDRESS:-x}', 'takes no ":-"'],
  ])('%s is a fault', (text, message) => {
    const { errors } = interpolate(text, lookup)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain(message)
  })

  it('tells only of variables that are used', () => {
    expect(interpolate('${NONE} ${A:+${B}} ${FOO:-${C}} $D', lookup).unset).toEqual(['NONE', 'D'])
  })

  it('leaves everything without a dollar sign alone, and doubles come out single', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const guarded = text.replaceAll('$', () => '$$')
        expect(interpolate(guarded, lookup)).toEqual({ text, errors: [], unset: [] })
      }),
    )
  })

  it('takes any nesting of operators apart as a model does', () => {
    const name = fc.constantFrom('FOO', 'EMPTY', 'NONE')
    const literal = fc.stringMatching(/^[a-z :/.-]{0,6}$/)
    type Tree = { text: string; value: string }
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        literal.map((text) => ({ text, value: text })),
        name.map((key) => ({ text: `\${${key}}`, value: values[key] ?? '' })),
        fc.tuple(name, fc.constantFrom(':-', '-', ':+', '+'), tie('tree')).map(([key, operator, inner]) => {
          const value = values[key]
          const there = operator.length === 2 ? value !== undefined && value !== '' : value !== undefined
          const takesInner = operator.endsWith('+') ? there : !there
          const other = operator.endsWith('+') ? '' : (value ?? '')
          return { text: `\${${key}${operator}${inner.text}}`, value: takesInner ? inner.value : other }
        }),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({ text: a.text + b.text, value: a.value + b.value })),
      ),
    }))
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        expect(interpolate(text, lookup)).toMatchObject({ text: value, errors: [] })
      }),
    )
  })

  it('never throws', () => {
    const noise = fc.array(fc.constantFrom('$', '{', '}', ':', '-', '?', '+', 'FOO', 'x', ' ', 'STANDIN_A')).map((parts) => parts.join(''))
    fc.assert(fc.property(noise, (text) => typeof interpolate(text, lookup).text === 'string'))
    expect(interpolate('${A:-'.repeat(5000), lookup).errors).not.toEqual([])
    expect(interpolate('${A:-'.repeat(5000) + '}'.repeat(5000), lookup).errors[0]).toContain('nested deeper')
  })
})
