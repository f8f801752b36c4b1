import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { domain } from './start-gateway.ts'

/** Follows server-sent events through the gateway. */
export interface EventStream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The data of the events so far. */
  readonly events: Record<string, unknown>[]
  /** All bytes so far. */
  readonly text: () => string
  /** The gateway ended it: whole, not cut. */
  readonly hasEnded: () => boolean
  close(): void
}

export const openEventStream = async (
  port: number,
  environment: number,
  path = '/.well-known/standin?watch',
  headers: Record<string, string> = {},
): Promise<EventStream> => {
  const req = get({ host: '127.0.0.1', port, path, agent: false, headers: { host: `www-${environment}.${domain}`, ...headers } })
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  const events: Record<string, unknown>[] = []
  let text = ''
  let hasEnded = false
  res.setEncoding('utf8')
  res.on('error', () => {})
  res.on('end', () => {
    hasEnded = res.complete
  })
  res.on('data', (chunk: string) => {
    text += chunk
    events.length = 0
    for (const [, data] of text.matchAll(/^data: (.*)\n\n/gm)) events.push(JSON.parse(data as string))
  })
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    events,
    text: () => text,
    hasEnded: () => hasEnded,
    close: () => req.destroy(),
  }
}
