import { PassThrough } from 'node:stream'
import { StandinError } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { Ending } from './ending.ts'
import { report } from './failure.ts'

function tell(error: unknown, argv: string[] = ['list'], signal = new AbortController().signal) {
  const stderr = new PassThrough()
  const code = report(error, argv, { stdin: new PassThrough(), stdout: new PassThrough(), stderr, env: { NO_COLOR: '1' }, signal })
  return { code, text: String(stderr.read() ?? '') }
}

const fault = new StandinError('blueprint_invalid', 'The blueprint shop is not valid.', {
  hint: 'Mend it.',
  errors: [
    { path: 'services.web', message: 'has no command', file: 'compose.yaml', line: 3, column: 5 },
    { path: '', message: 'is empty', file: 'fixtures/users.csv' },
  ],
})

describe('report', () => {
  it('tells what happened, every fault with its place, and what to do next', () => {
    expect(tell(fault)).toEqual({
      code: 2,
      text: 'error: The blueprint shop is not valid.\n  compose.yaml:3:5: services.web: has no command\n  fixtures/users.csv: is empty\nnext: Mend it.\n',
    })
  })

  it('tells a fault once, but always its place', () => {
    const told = (errors: NonNullable<StandinError['errors']>) =>
      tell(new StandinError('invalid', 'the alias x is the domain itself', { errors })).text
    expect(told([{ path: '/params/host', message: 'is the domain itself' }])).toBe('error: the alias x is the domain itself\n')
    expect(told([{ path: 'routes.0', message: 'is the domain itself', file: 'r.yaml', line: 3, column: 5 }])).toContain(
      '  r.yaml:3:5: routes.0: is',
    )
    expect(told([{ path: '--workers', message: '0: it takes a number' }])).toContain('  --workers 0: it takes a number\n')
  })

  it('gives scripts one line of JSON', () => {
    for (const argv of [
      ['list', '--json'],
      ['list', '-o', 'json'],
      ['list', '--output=json'],
    ]) {
      const { code, text } = tell(fault, argv)
      expect(code).toBe(2)
      expect(JSON.parse(text)).toEqual({ error: fault.toProblem() })
    }
  })

  it("does not take a command's own flags for its own", () => {
    expect(tell(fault, ['exec', 'a', 'web', '--', 'cat', '--json']).text).toContain('error: ')
  })

  it('ends with the code of the kind', () => {
    expect(tell(new StandinError('template_not_found', 'x')).code).toBe(4)
    expect(tell(new StandinError('unreachable', 'x')).code).toBe(9)
    expect(tell(new Error('oops'))).toMatchObject({ code: 1, text: expect.stringContaining('oops') })
  })

  it('ends with what Ctrl-C and commands say, quietly', () => {
    expect(tell(new Ending('interrupted'))).toEqual({ code: 130, text: '' })
    expect(tell(new Ending('internal', '', 7))).toEqual({ code: 7, text: '' })
    const interruption = new AbortController()
    interruption.abort(new Ending('interrupted'))
    expect(tell(new Error('aborted'), ['list'], interruption.signal).code).toBe(130)
  })
})
