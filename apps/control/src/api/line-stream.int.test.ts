import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { streamLines } from './line-stream.ts'

describe('streamLines', () => {
  it('sends empty lines while its source is quiet, and stops with it', async () => {
    const { promise: enough, resolve: stop } = Promise.withResolvers<void>()
    async function* source() {
      yield { line: 'first' }
      await enough
    }
    const server = createServer((_, response) => void streamLines(response, source(), () => {}, 5))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    try {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      let text = ''
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk)
        if (text.length > 25) stop()
      }
      expect(text).toMatch(/^\{"line":"first"\}\n{2,}$/)
    } finally {
      server.close()
    }
  })
})
