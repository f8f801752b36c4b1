import { afterEach, beforeEach } from 'vitest'
import type { ClientStream } from '../http/client-stream.ts'
import { cleanup } from './cleanup.ts'
import { type Http2Peer, openHttp2, type StartedHttp2, startHttp2 } from './http2-peer.ts'

/** A server for each test of a file, what came to it, and peers that are closed behind the test. */
interface Http2ServerOfATest {
  served: StartedHttp2
  streams: ClientStream[]
  open(settings?: Buffer): Http2Peer
}

export const http2ServerOfATest = (): Http2ServerOfATest => {
  const use = cleanup()
  const peers: Http2Peer[] = []
  const test = {
    streams: [] as ClientStream[],
    open(settings?: Buffer): Http2Peer {
      const peer = openHttp2(test.served.port, settings)
      peers.push(peer)
      return peer
    },
  } as Http2ServerOfATest
  beforeEach(async () => {
    test.served = await use(startHttp2())
    test.streams = []
    test.served.onStream = (stream) => test.streams.push(stream)
  })
  afterEach(() => {
    for (const peer of peers.splice(0)) peer[Symbol.dispose]()
  })
  return test
}
