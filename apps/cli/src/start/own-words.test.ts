import { StandinError } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { inOwnWords } from './own-words.ts'

const said = (...errors: { path: string; message: string }[]) =>
  inOwnWords(new StandinError('invalid', 'The command line of the gateway is not valid: …', { errors, hint: 'It takes --a --b' }), 'start')

describe('inOwnWords', () => {
  const workers = { path: '--workers', message: '0: it takes a number from 1 to 128' }

  it('names the flag that is wrong, and the help of the verb that was typed', () => {
    expect(said(workers)).toMatchObject({
      message: '--workers 0: it takes a number from 1 to 128.',
      hint: '`standin start --help` explains.',
      errors: [workers],
    })
  })

  it('counts several, which are listed below', () => {
    expect(said(workers, { path: '--redirect', message: 'needs both --http and --https' }).message).toBe('2 flags are not valid:')
  })

  it('leaves alone what is no matter of flags', () => {
    const taken = new StandinError('port_taken', '127.0.0.1:8080 is taken by another process', { hint: 'Give it another' })
    expect(inOwnWords(taken, 'gateway')).toBe(taken)
    const file = new StandinError('invalid', 'routes.yaml is no valid routes file', { errors: [{ path: 'routes.0', message: 'x' }] })
    expect(inOwnWords(file, 'gateway')).toBe(file)
  })

  it('tells of a platform that may run on a port that is taken', () => {
    const taken = new StandinError('port_taken', '127.0.0.1:8443 is taken', { hint: 'Give it another with --https HOST:PORT' })
    expect(inOwnWords(taken, 'start')).toMatchObject({
      code: 'port_taken',
      message: '127.0.0.1:8443 is taken',
      hint: 'Give another address with --https, or end what listens there; `standin start --help` shows how to run a second platform.',
    })
  })
})
