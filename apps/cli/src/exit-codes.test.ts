import { errorTable } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { exitCodes } from './exit-codes.ts'
import { exitCodesPage } from './exit-codes-page.ts'

describe('exitCodes', () => {
  it('has one of its own for every kind of error', () => {
    const kinds = new Set(Object.values(errorTable).map(({ kind }) => kind))
    const codes = [...kinds].map((kind) => exitCodes[kind])
    expect(codes).not.toContain(undefined)
    expect(codes).not.toContain(0)
    expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length)
  })

  it('keeps the published numbers', () => {
    expect(exitCodes).toMatchObject({
      usage: 2,
      authentication: 3,
      'not-found': 4,
      timeout: 5,
      unhealthy: 6,
      quota: 7,
      conflict: 8,
      unreachable: 9,
    })
  })

  it('is what the reference page says', async () => {
    await expect(exitCodesPage()).toMatchFileSnapshot('../../../docs/reference/exit-codes.md')
  })
})
