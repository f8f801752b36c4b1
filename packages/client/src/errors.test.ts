import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorTable, StandinError } from './errors.ts'
import type { Problem } from './schemas/server.ts'

const root = resolve(import.meta.dirname, '../../..')
const codes = Object.keys(errorTable) as ErrorCode[]

/** Everything that runs: no tests, not the table itself. */
function sources(): string[] {
  return ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'src')))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/(testing|fixtures)\/|\/packages\/client\/src\/errors\.ts$/.test(file))
}

describe('the error table', () => {
  it('has no code that nothing reports', () => {
    const text = sources()
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
    expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([])
  })

  it('has codes and titles that can be shown', () => {
    for (const [code, { status, title }] of Object.entries(errorTable)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(status, code).toBeGreaterThanOrEqual(400)
      expect(title, code).toMatch(/^[A-Z].*[^.]$/)
    }
  })

  it('is explained in the reference, all of it', () => {
    const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')
    const explained = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code)
    expect(explained).toEqual(codes.toSorted())
  })
})

describe('StandinError', () => {
  it.each(codes)('%s keeps everything on its way through a problem document', (code) => {
    const errors = [{ path: '/name', message: 'is taken', file: 'compose.yaml', line: 3, column: 7 }]
    const error = new StandinError(code, 'what happened', { hint: 'what to do', errors })
    const problem = JSON.parse(JSON.stringify(error.toProblem())) as Problem
    expect(problem).toMatchObject({ type: `urn:standin:error:${code}`, status: errorTable[code].status })
    const again = StandinError.fromProblem(problem)
    expect(again).toMatchObject({ code, message: 'what happened', hint: 'what to do', errors, kind: errorTable[code].kind })
  })

  it('makes the best of a code that it does not know', () => {
    const problem = { type: 'about:blank', title: 'New', status: 418, code: 'teapot', detail: 'from a newer server' }
    expect(StandinError.fromProblem(problem)).toMatchObject({ code: 'internal', message: 'from a newer server' })
    expect(StandinError.fromProblem({ ...problem, code: 'toString' }).code).toBe('internal')
  })
})
