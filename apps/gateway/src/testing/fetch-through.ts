import { type IncomingMessage, request } from 'node:http'
import { domain } from './start-gateway.ts'

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  rawHeaders: string[]
  trailers: IncomingMessage['trailers']
  body: string
}

/** A request through the gateway, on a connection of its own. Rejects where the answer was cut. */
export const fetchThrough = (
  port: number,
  environment: number,
  options: { method?: string; path?: string; headers?: Record<string, string> | string[]; body?: string | Buffer; host?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const host = options.host ?? `www-${environment}.${domain}`
    const { headers = {} } = options
    const req = request(
      {
        host: '127.0.0.1',
        port,
        agent: false,
        method: options.method ?? 'GET',
        path: options.path ?? '/',
        headers: Array.isArray(headers) ? ['Host', host, ...headers] : { host, ...headers },
      },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            rawHeaders: res.rawHeaders,
            trailers: res.trailers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    req.on('error', reject)
    req.end(options.body)
  })
