import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../testing/fuzz-runs.ts'
import { cuts, pieces, responseTexts } from '../testing/http-texts.ts'
import { type LlhttpMessage, llhttpResponse } from '../testing/llhttp.ts'
import type { ResponseHead } from './response-head.ts'
import { ResponseReader } from './response-reader.ts'

/** What an endpoint's bytes were taken for. */
interface Understood {
  informs: { status: number; headers: string[] }[]
  status: number
  headers: string[]
  body: string
  trailers: string[]
  end: 'open' | 'complete' | 'switched' | 'malformed'
  /** Something came behind the end of the response. */
  more: boolean
  isPersistent: boolean
}

/** Reads the answer to one request. @param closed the endpoint closes the connection behind it */
const understand = (text: string, method: string, closed: boolean, fractions: readonly number[] = []): Understood => {
  const result: Understood = { informs: [], status: 0, headers: [], body: '', trailers: [], end: 'open', more: false, isPersistent: false }
  const takeHead = ({ status, headers, isPersistent }: ResponseHead) =>
    Object.assign(result, { status, headers: [...headers], isPersistent })
  const reader = new ResponseReader({
    onInformHead: ({ status, headers }) => result.informs.push({ status, headers: [...headers] }),
    onHead: (head) => takeHead(head),
    onBody: (buffer, start, end) => {
      result.body += buffer.toString('latin1', start, end)
    },
    onComplete: (trailers, hasMore) => {
      expect(result.end).toBe('open')
      result.end = 'complete'
      result.trailers = trailers ?? []
      result.more = hasMore
    },
    onSwitch: (head) => {
      takeHead(head)
      result.end = 'switched'
    },
    onMalformed: () => {
      if (result.end === 'open') result.end = 'malformed'
      else result.more = true
    },
  })
  reader.expect(method)
  for (const piece of pieces(text, fractions)) {
    // One byte more in front and behind: what lies beside the range must not be read.
    const bytes = Buffer.from(piece, 'latin1')
    reader.read(Buffer.concat([bytes, Buffer.from('\n')]), bytes.length)
  }
  if (closed && result.end === 'open' && !reader.end()) result.end = 'malformed'
  return result
}

/** What may be left out of a response's headers: the connection's own business (RFC 9110, section 7.6.1). */
const ofTheConnection = (theirs: LlhttpMessage): Set<string> => {
  const names = new Set([
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ])
  if (theirs.status < 200 || theirs.status === 204) names.add('content-length')
  for (let i = 0; i < theirs.headers.length; i += 2) {
    if (theirs.headers[i]?.toLowerCase() !== 'connection') continue
    for (const name of theirs.headers[i + 1]?.split(',') ?? []) names.add(name.trim().toLowerCase())
  }
  return names
}

const endToEnd = (theirs: LlhttpMessage): string[] => {
  const dropped = ofTheConnection(theirs)
  dropped.delete(theirs.status >= 200 && theirs.status !== 204 ? 'content-length' : '')
  return theirs.headers.filter((_, index) => !dropped.has(theirs.headers[index & ~1]?.toLowerCase() ?? ''))
}

const { seed, ...runs } = fuzzRuns(2_000)
const methods = fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD')
/** Informational ones before it, sometimes. */
const answers = fc
  .tuple(
    fc.array(fc.oneof(fc.constant('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), fc.constant('HTTP/1.1 100 Continue\r\n\r\n')), {
      maxLength: 2,
    }),
    responseTexts,
  )
  .map(([informs, text]) => informs.join('') + text)

describe(`Responses, read beside llhttp (STANDIN_SEED=${seed})`, () => {
  it('are understood as llhttp does, or refused: status, fields, body and where each ends (RFC 9112, section 6)', () => {
    let understood = 0
    fc.assert(
      fc.property(answers, methods, fc.boolean(), (text, method, closed) => {
        const ours = understand(text, method, closed)
        let at = 0
        for (const inform of ours.informs) {
          const theirs = llhttpResponse(text.slice(at), method === 'HEAD', false)
          expect({ status: theirs.status, headers: endToEnd(theirs) }).toEqual(inform)
          expect(theirs.end).toBeGreaterThan(0)
          at += theirs.end
        }
        const theirs = llhttpResponse(text.slice(at), method === 'HEAD', closed)
        if (ours.end === 'open') expect(theirs.end).toBe(-1)
        if (ours.end !== 'complete' && ours.end !== 'switched') return
        understood++
        const { status, headers, body, trailers, isPersistent } = ours
        expect({ status: theirs.status, headers: endToEnd(theirs) }).toEqual({ status, headers })
        expect(theirs.end).toBeGreaterThan(0)
        // Whether a 101 was asked for, and says so itself, is for whoever asked to judge.
        if (ours.end === 'switched') return
        expect({ body: theirs.body, trailers: theirs.trailers, more: at + theirs.end < text.length }).toEqual({
          body,
          trailers,
          more: ours.more,
        })
        // It says so before it is told that there is no body to HEAD; and llhttp heeds Proxy-Connection, which is nobody's header (RFC 9112, appendix C.2.2).
        if (isPersistent && method !== 'HEAD' && !/proxy-connection/i.test(text)) expect(theirs.keepAlive).toBe(true)
      }),
      { seed, ...runs },
    )
    expect(understood).toBeGreaterThan(Number(runs.numRuns) / 8)
  })

  it('are understood alike, wherever the network cuts them', () => {
    fc.assert(
      fc.property(answers, methods, fc.boolean(), cuts, (text, method, closed, fractions) => {
        expect(understand(text, method, closed, fractions)).toEqual(understand(text, method, closed))
      }),
      { seed, ...runs },
    )
  })

  it('are understood alike at each single cut', () => {
    fc.assert(
      fc.property(answers, methods, fc.boolean(), (text, method, closed) => {
        const whole = understand(text, method, closed)
        for (let at = 1; at < text.length; at++) expect(understand(text, method, closed, [at / text.length])).toEqual(whole)
      }),
      { seed, ...runs, numRuns: Math.ceil(Number(runs.numRuns) / 80) },
    )
  })

  it('never make the reader throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, fractions) => {
        const text = Buffer.from(bytes).toString('latin1')
        expect(understand(text, 'GET', true, fractions)).toEqual(understand(text, 'GET', true))
      }),
      { seed, ...runs },
    )
  })
})
