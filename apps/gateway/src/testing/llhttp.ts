import { METHODS } from 'node:http'
import { createRequire } from 'node:module'

/** A message as Node's own parser understands it. */
export interface LlhttpMessage {
  /** Bytes up to the end of the message; -1: it had not ended when the bytes did. */
  end: number
  /** Bytes up to the end of the head; -1: it had not ended. */
  headEnd: number
  /** Why it was refused, `HPE_INVALID_METHOD`; null: it wasn't. */
  error: string | null
  method: string
  target: string
  status: number
  version: string
  /** Names and values in turn. */
  headers: string[]
  trailers: string[]
  body: string
  keepAlive: boolean
  /** The connection goes on with another protocol. */
  upgrade: boolean
}

// Not documented, and so for tests only: the judge of our own parsers.
interface Parser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void
  execute(bytes: Buffer): number | (Error & { code: string })
  finish(): undefined | (Error & { code: string })
  close(): void
  [callback: number]: ((...args: never[]) => unknown) | null
}
const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { HTTPParser: { new (): Parser } & Record<string, number> }
const [onHeaders, onHeadersComplete, onBody, onMessageComplete] = ['Headers', 'HeadersComplete', 'Body', 'MessageComplete'].map(
  (name) => HTTPParser[`kOn${name}`] as number,
) as [number, number, number, number]

type HeadersComplete = (
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number,
  url: string | undefined,
  status: number,
  reason: string,
  upgrade: boolean,
  keepAlive: boolean,
) => number

/** llhttp counts methods; which number is whose it tells when it reads one. */
let methodNames: Map<number, string> | undefined
const methodName = (number: number): string => {
  if (methodNames === undefined) {
    methodNames = new Map()
    for (const method of METHODS)
      methodNames.set(parse(`${method} ${method === 'CONNECT' ? 'a:1' : '/'} HTTP/1.1\r\n\r\n`, 'request').number, method)
  }
  return methodNames.get(number) ?? ''
}

/** The first request in `text` (latin1), strictly. */
export const llhttpRequest = (text: string): LlhttpMessage => {
  const { number, ...message } = parse(text, 'request')
  return { ...message, method: methodName(number) }
}

/** The first response in `text` (latin1), strictly. @param isHead it answers HEAD; @param closed the connection ended behind it */
export const llhttpResponse = (text: string, isHead: boolean, closed: boolean): LlhttpMessage => parse(text, 'response', isHead, closed)

/** Byte by byte: only so it can be told behind which of them a message is complete. */
const parse = (text: string, type: 'request' | 'response', isHead = false, closed = false): LlhttpMessage & { number: number } => {
  const message: LlhttpMessage & { number: number } = {
    end: -1,
    headEnd: -1,
    error: null,
    method: '',
    target: '',
    status: 0,
    version: '',
    headers: [],
    trailers: [],
    body: '',
    keepAlive: false,
    upgrade: false,
    number: -1,
  }
  const bytes = Buffer.from(text, 'latin1')
  let at = 0
  const parser = new HTTPParser()
  parser.initialize((type === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE) as number, {}, 1 << 20, 0)
  parser[onHeaders] = (headers: string[], url: string) => {
    if (message.headEnd !== -1) {
      message.trailers.push(...headers)
      return
    }
    message.headers.push(...headers)
    message.target += url
  }
  const headersComplete: HeadersComplete = (major, minor, headers, method, url, status, _reason, upgrade, keepAlive) => {
    message.headers.push(...(headers ?? []))
    message.number = method
    message.target += url ?? ''
    message.status = status
    message.version = `${major}.${minor}`
    message.keepAlive = keepAlive
    message.upgrade = upgrade
    message.headEnd = at + 1
    // 1: there is no body, whatever the head says.
    return isHead ? 1 : 0
  }
  parser[onHeadersComplete] = headersComplete as Parser[number]
  parser[onBody] = ((chunk: Buffer) => {
    message.body += chunk.toString('latin1')
  }) as Parser[number]
  parser[onMessageComplete] = () => {
    message.end = at + 1
  }
  try {
    for (; at < bytes.length && message.end === -1; at++) {
      const result = parser.execute(bytes.subarray(at, at + 1))
      if (typeof result !== 'number') {
        message.error = result.code
        // Complete, and then refused: the next message is what is wrong.
        if (message.end === -1) return message
      }
    }
    if (closed && message.end === -1) {
      at = bytes.length - 1
      const error = parser.finish()
      if (error !== undefined) message.error = error.code
    }
    return message
  } finally {
    parser.close()
  }
}
