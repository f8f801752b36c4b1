import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultClientLimits } from '../gateway-config.ts'
import { BodyKind, type ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { fuzzRuns } from '../testing/fuzz-runs.ts'
import { cuts, pieces, requestTexts } from '../testing/http-texts.ts'
import { llhttpRequest } from '../testing/llhttp.ts'
import { localConnection } from '../testing/local-connection.ts'
import { acceptHttp1 } from './client-connection.ts'

/** What came of the bytes of one connection. */
interface Understood {
  /** Those whose body came to its end. */
  requests: { method: string; target: string; version: string; headers: string[]; body: string; trailers: string[] }[]
  /** A further one, whose body did not. */
  unfinished: string | null
  /** Status lines, and whether the last one is the last one. */
  answer: string[]
  end: 'open' | 'ended' | 'destroyed'
}

/** A socket without a network behind it: a fuzzer opens too many for real ones. */
class Wire extends Duplex {
  written = ''
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1')
    done()
  }
  resetAndDestroy(): void {
    this.destroy()
  }
}

/** Reads the bytes as the gateway does, and answers each request with 204 when all of it has come. */
const understand = (text: string, fractions: readonly number[] = []): Understood => {
  const wire = new Wire({ decodeStrings: true }) as Wire & Socket
  const result: Understood = { requests: [], unfinished: null, answer: [], end: 'open' }
  const onStream = (stream: ClientStream) => {
    const { method, target, version, raw, bodyKind, contentLength } = stream.head
    let body = ''
    result.unfinished = `${method} ${target}`
    const finish = (trailers: readonly string[] | null) => {
      result.unfinished = null
      result.requests.push({ method, target, version, headers: [...raw], body, trailers: [...(trailers ?? [])] })
      if (bodyKind === BodyKind.length) expect(body.length).toBe(contentLength)
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    stream.listener = {
      onBody: (chunk) => {
        body += chunk.toString('latin1')
      },
      onBodyEnd: finish,
      onClientDrain: () => {},
      onClientGone: () => {},
    }
    if (bodyKind === BodyKind.none) {
      finish(null)
      return
    }
    stream.inform(100, [])
    stream.resumeBody()
  }
  const connections = new OpenConnections()
  const info = { ...localConnection, port: 80, secure: false, transport: wire, covers: () => true }
  acceptHttp1(wire, info, { connections, draining: false, limits: defaultClientLimits, onStream })
  for (const piece of pieces(text, fractions)) if (!wire.destroyed) wire.emit('data', Buffer.from(piece, 'latin1'))
  result.answer = wire.written.match(/^HTTP\/1\.1 [0-9]+|^Connection: close/gm) ?? []
  result.end = wire.destroyed ? 'destroyed' : wire.writableEnded ? 'ended' : 'open'
  wire.destroy()
  wire.emit('close')
  return result
}

const { seed, ...runs } = fuzzRuns(2_000)

describe(`Requests, read beside llhttp (STANDIN_SEED=${seed})`, () => {
  it('are understood as llhttp does, or refused: method, target, fields, body and where each ends (RFC 9112, section 6)', () => {
    let understood = 0
    fc.assert(
      fc.property(requestTexts, (text) => {
        const ours = understand(text)
        let at = 0
        for (const request of ours.requests) {
          const { end, method, target, version, headers, body, trailers } = llhttpRequest(text.slice(at))
          expect({ method, target, version, headers, body, trailers }).toEqual(request)
          expect(end).toBeGreaterThan(0)
          at += end
          understood++
        }
        // While we wait for more, llhttp must not have found the end of a request already.
        if (ours.end === 'open') expect(llhttpRequest(text.slice(at))).toMatchObject({ end: -1 })
        // What is no message is answered once, and nothing is read behind it.
        if (ours.end === 'ended') expect(ours.answer.indexOf('Connection: close')).toBe(ours.answer.length - 1)
      }),
      { seed, ...runs },
    )
    expect(understood).toBeGreaterThan(Number(runs.numRuns) / 8)
  })

  it('are understood alike, wherever the network cuts them', () => {
    fc.assert(
      fc.property(requestTexts, cuts, (text, fractions) => {
        expect(understand(text, fractions)).toEqual(understand(text))
      }),
      { seed, ...runs },
    )
  })

  it('are understood alike at each single cut', () => {
    fc.assert(
      fc.property(requestTexts, (text) => {
        const whole = understand(text)
        for (let at = 1; at < text.length; at++) expect(understand(text, [at / text.length])).toEqual(whole)
      }),
      { seed, ...runs, numRuns: Math.ceil(Number(runs.numRuns) / 80) },
    )
  })

  it('never make the reader throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, fractions) => {
        const text = Buffer.from(bytes).toString('latin1')
        expect(understand(text, fractions)).toEqual(understand(text))
      }),
      { seed, ...runs },
    )
  })
})
