import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrefixTree } from './prefix-tree.ts'

describe('PrefixTree', () => {
  it('knows what is there and how it begins, whatever comes and goes', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', 'f'), minLength: 5, maxLength: 5 })
    const steps = fc.array(fc.record({ text, put: fc.boolean() }), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (all) => {
        const tree = new PrefixTree<{ text: string }>()
        const known = new Map<string, { text: string }>()
        for (const { text, put } of all) {
          if (put) {
            const value = { text }
            tree.set(text, value)
            known.set(text, value)
          } else {
            tree.delete(text)
            known.delete(text)
          }
          expect(tree.size).toBe(known.size)
          for (const [each, value] of known) expect(tree.get(each)).toBe(value)
          for (let length = 1; length <= 5; length++) {
            const start = text.slice(0, length)
            expect(tree.hasBelow(start)).toBe([...known.keys()].some((each) => each.startsWith(start)))
          }
          expect(tree.hasBelow('')).toBe(known.size > 0)
        }
      }),
    )
  })
})
