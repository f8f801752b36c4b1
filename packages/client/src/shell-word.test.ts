import { expect, it } from 'vitest'
import { shellWord } from './shell-word.ts'

it('writes a name into a command so that a shell takes it for one word', () => {
  expect(['shop', 'a.b-c_1', 'user@example.com'].map(shellWord)).toEqual(['shop', 'a.b-c_1', 'user@example.com'])
  expect(['two words', 'x; rm -rf ~', "it's", '$(id)', ''].map(shellWord)).toEqual([
    "'two words'",
    "'x; rm -rf ~'",
    `'it'\\''s'`,
    "'$(id)'",
    "''",
  ])
})
