import { describe, expect, it } from 'vitest'
import { queryMessage, words } from '../testing/messages.ts'
import { LoopMarker, newIdentity, type Trail, trailOf } from './loop-marker.ts'

const plain = queryMessage({ name: 'a.example' })
const trailIn = (options: Buffer) => trailOf(queryMessage({ name: 'a.example', edns: { options } }), plain.length)

describe('LoopMarker', () => {
  it('knows what it has passed on itself, by way of however many others', () => {
    const [one, two, three] = [new LoopMarker(), new LoopMarker(), new LoopMarker()]
    const first = trailIn(one.option(trailIn(Buffer.alloc(0))))
    const second = trailIn(two.option(first))
    expect(one.isRound(first)).toBe(true)
    expect(two.isRound(first)).toBe(false)
    expect(one.isRound(second)).toBe(true)
    expect(three.isRound(second)).toBe(false)
  })

  it('ends the way of a question that too many have passed on', () => {
    let trail: Trail = Buffer.alloc(0)
    for (let passing = 0; passing < 5; passing++) trail = trailIn(new LoopMarker().option(trail))
    expect(new LoopMarker().isRound(trail)).toBe(false)
    expect(new LoopMarker().isRound(trailIn(new LoopMarker().option(trail)))).toBe(true)
  })

  it('is the same in processes with the same identity', () => {
    const identity = newIdentity()
    expect(new LoopMarker(identity).isRound(trailIn(new LoopMarker(identity).option(Buffer.alloc(0))))).toBe(true)
  })

  it('takes no options but its own, and those only that are whole (RFC 6891, section 6.1.2)', () => {
    const cookie = words(10, 8, 1, 2, 3, 4)
    const mark = new LoopMarker().option(Buffer.alloc(0))
    expect(trailIn(Buffer.concat([cookie, mark]))).toEqual(mark.subarray(4))
    for (const options of [cookie, words(65_313, 3, 1), words(65_313, 80, 1), words(65_313, 6, 1, 2, 3), Buffer.from([255])])
      expect(trailIn(options)).toHaveLength(0)
    expect(trailOf(plain, plain.length)).toHaveLength(0)
  })
})
