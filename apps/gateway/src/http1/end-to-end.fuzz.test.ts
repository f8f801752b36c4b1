import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { fuzzRuns } from '../testing/fuzz-runs.ts'
import { cuts, pieces, requestTexts } from '../testing/http-texts.ts'
import { type LlhttpMessage, llhttpRequest } from '../testing/llhttp.ts'
import { openRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startStrictUpstream } from '../testing/strict-upstream.ts'

const use = cleanup()
const { seed, ...runs } = fuzzRuns(300)
/** How long a gateway that waits for more is waited for, ms. */
const patience = 60
const probe = 'GET /probe HTTP/1.1\r\nHost: nobody\r\n\r\n'

/** Leads the requests of a fuzzed text to environment 1001. */
const addressed = (text: string) => text.replaceAll(/ HTTP\/1\.[01]\r\n/g, `$&Host: www-1001.${domain}\r\n`)

/** Says all this, in these pieces, and leaves when the gateway closed, answered the probe behind it, or waits for more. */
const converse = async (port: number, text: string, fractions: readonly number[]): Promise<string> => {
  const socket = await openRaw(port)
  let answer = ''
  await new Promise<void>((done) => {
    let timer = setTimeout(done, patience)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(done, answer.includes('route_not_found') ? 0 : patience)
    })
    socket.on('close', () => done())
    socket.on('error', () => done())
    const rest = pieces(text + probe, fractions)
    const sendNext = () => {
      const piece = rest.shift()
      if (piece !== undefined && !socket.destroyed) socket.write(piece, 'latin1', () => setImmediate(sendNext))
    }
    sendNext()
  })
  socket.destroy()
  return answer
}

/** What llhttp finds in what a client sent, one after the other. */
const requestsIn = (text: string): LlhttpMessage[] => {
  const requests: LlhttpMessage[] = []
  for (let at = 0; at < text.length; ) {
    const request = llhttpRequest(text.slice(at))
    if (request.end === -1) break
    requests.push(request)
    at += request.end
  }
  return requests
}
const summary = ({ method, target, body }: LlhttpMessage) => ({ method, target, body })

describe(`A gateway between fuzzed clients and an endpoint that reads strictly (STANDIN_SEED=${seed})`, () => {
  it('passes on no request that its client did not send, and nothing of one client in the request of another', {
    timeout: 120_000,
  }, async () => {
    const gateway = await use(startGateway())
    const marked = /^\/marked-/
    const upstream = await use(
      startStrictUpstream(({ method, target, body }) => {
        const answer = `${target} ${body.length}`
        return `HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${method === 'HEAD' ? '' : answer}`
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    let passedOn = 0
    let run = 0
    await fc.assert(
      fc.asyncProperty(requestTexts.map(addressed), cuts, async (text, fractions) => {
        const before = upstream.requests.length
        run++
        // Somebody else, before, meanwhile and after: the connections to the endpoint are shared.
        const ask = async (when: string) => {
          const body = `${when}${'x'.repeat(run % 7)}`
          const answer = await fetchThrough(gateway.port, 1001, { path: `/marked-${run}-${when}`, method: 'POST', body })
          expect([answer.status, answer.body]).toEqual([200, `/marked-${run}-${when} ${body.length}`])
        }
        await ask('before')
        await Promise.all([converse(gateway.port, text, fractions), ask('meanwhile')])
        await ask('after')
        const sent = requestsIn(text + probe)
        for (const { fault, received } of upstream.connections) expect(fault, received).toBe(null)
        for (const request of upstream.requests.slice(before)) {
          if (marked.test(request.target)) {
            expect(request.target.startsWith(`/marked-${run}-`)).toBe(true)
            continue
          }
          // Those that were refused are left out; the others come whole and in their order.
          let next = sent.shift()
          while (next !== undefined && JSON.stringify(summary(next)) !== JSON.stringify(summary(request))) next = sent.shift()
          expect(next, `the endpoint saw ${JSON.stringify(summary(request))}`).toBeDefined()
          passedOn++
        }
      }),
      { seed, ...runs, interruptAfterTimeLimit: runs.numRuns === 300 ? 10_000 : 3_600_000 },
    )
    expect(passedOn).toBeGreaterThan(run / 8)
  })
})
