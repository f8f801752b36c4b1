import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StandinClient } from '../connect.ts'
import { SmallControl } from '../fixtures/small-control.ts'

let control: SmallControl
let standin: StandinClient
beforeEach(async () => {
  control = await SmallControl.start()
  standin = new StandinClient({ url: control.url, token: control.token })
})
afterEach(() => control.close())

const watches = () => control.seenOf('GET', '/v1/events')

describe('follow', () => {
  it('gives what was, then what comes, each once, across connections that break', async () => {
    const stop = new AbortController()
    control.add(1001)
    const seen: number[] = []
    for await (const event of standin.events.follow({ after: 0, signal: stop.signal })) {
      seen.push(event.seq)
      if (event.seq < 6) control.append('environment.changed', 1001, {})
      if (event.seq === 3) control.sever()
      if (event.seq === 6) stop.abort()
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
    expect(watches().at(-1)?.query.get('after')).toBe('3')
  })

  it('makes a connection again that fell silent', async () => {
    control.heartbeats = false
    const stop = new AbortController()
    const done = (async () => {
      for await (const event of standin.events.follow({ signal: stop.signal, silenceMs: 60 })) if (event.seq > 0) return event
      return undefined
    })()
    while (watches().length < 2) await sleep(10)
    control.add(1001)
    expect((await done)?.type).toBe('environment.created')
  })

  it('keeps a quiet connection whose heart beats', async () => {
    const stop = new AbortController()
    const done = (async () => {
      for await (const _ of standin.events.follow({ signal: stop.signal, silenceMs: 3_000 })) return
    })()
    await sleep(3_300)
    stop.abort()
    await done
    expect(watches()).toHaveLength(1)
  })

  it('closes its connection when the loop is left', async () => {
    control.add(1001)
    for await (const _ of standin.events.follow()) break
    while (control.openStreams > 0) await sleep(5)
  })

  it('ends at once for a signal that has fired', async () => {
    for await (const _ of standin.events.follow({ signal: AbortSignal.abort() })) expect.unreachable()
    expect(control.seen).toHaveLength(0)
  })

  it('throws what the server refuses', async () => {
    const stranger = new StandinClient({ url: control.url, token: 'wrong' })
    await expect(stranger.events.follow().next()).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})
