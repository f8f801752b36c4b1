import { StandinError } from '@standin/client'
import { expect, it } from 'vitest'
import { makeAll } from './make-all.ts'

const fails = (message: string) => (): never => {
  throw new StandinError('invalid', message, { hint: 'Mend it' })
}

it('makes all', () => {
  expect(
    makeAll(
      () => 1,
      () => 'two',
    ),
  ).toEqual([1, 'two'])
})

it('tells what is wrong with each of them, also with those within those', () => {
  expect(() =>
    makeAll(
      () => 1,
      fails('one'),
      () => makeAll(fails('two'), fails('three')),
    ),
  ).toThrow(
    expect.objectContaining({
      message: 'one; two; three',
      errors: [
        { path: '', message: 'one' },
        { path: '', message: 'two' },
        { path: '', message: 'three' },
      ],
    }),
  )
})

it('leaves an error that is alone as it is, and what is no fault of the configuration', () => {
  expect(() => makeAll(fails('one'), () => 2)).toThrow(expect.objectContaining({ message: 'one', hint: 'Mend it' }))
  expect(() =>
    makeAll(() => {
      throw new TypeError('a slip')
    }, fails('one')),
  ).toThrow(TypeError)
})
