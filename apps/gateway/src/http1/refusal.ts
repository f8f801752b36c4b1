import { StandinError } from '@standin/client/errors'
import type { MalformedHead } from './request-head.ts'
import { responseHead } from './response-text.ts'

/** What a client is told whose request was not understood: the last response on its connection, as text. */
export const refusalText = (status: number, error: StandinError): string => {
  const body = `${JSON.stringify({ ...error.toProblem(), status })}\n`
  const headers = ['Content-Type', 'application/problem+json', 'Content-Length', String(Buffer.byteLength(body))]
  return responseHead(status, '', headers, 'Connection: close\r\n') + body
}

export const malformedHead = ({ status, why }: MalformedHead): StandinError =>
  status === 431
    ? new StandinError('too_large', `The request was refused: ${why}`)
    : new StandinError('invalid', `The request is not valid HTTP/1.1: ${why}`)

export const malformedBody = (): StandinError => new StandinError('invalid', 'The request is not valid HTTP/1.1: its body is malformed')

export const lateHead = (): StandinError => new StandinError('request_timeout', 'The head of the request did not arrive in time')
