import { describe, expect, it } from 'vitest'
import type { RequestHead } from '../http/client-stream.ts'
import { isPageLoad } from './page-load.ts'

const html = ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8']
const load = (raw: string[], method = 'GET') => isPageLoad({ method, raw } as unknown as RequestHead)

describe('isPageLoad', () => {
  it.each([
    ['a browser that says so', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document', ...html], true],
    ['a frame', ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe'], true],
    ['a browser without TLS, which does not say', html, true],
    ['a script of a page', ['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty', ...html], false],
    ['an image', ['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image', ...html], false],
    ['a plug-in', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'object', ...html], false],
    ['an API client', ['Accept', 'application/json'], false],
    ['curl', ['Accept', '*/*'], false],
    ['whoever says nothing', [], false],
    ['a WebSocket', [...html, 'Upgrade', 'websocket'], false],
  ] as const)('%s: %s', (_, raw, expected) => expect(load([...raw])).toBe(expected))

  it('is never one that sends something', () => {
    for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS']) expect(load(html, method)).toBe(false)
  })
})
