import { classifyResponseHeader, connectionNamed, HeaderClass, removeNamed } from './headers.ts'

export interface ResponseHead {
  /** Names and values for the client, in the upstream's order. */
  readonly headers: string[]
  /** Bytes of the body; -1 where only its end tells. */
  readonly contentLength: number
  /** The upstream said where the body ends: by its length or in chunks. If not, the body ends with the connection. */
  readonly isFramed: boolean
  /** A transfer coding that we can neither undo nor name to the client (RFC 9112, section 6.1). */
  readonly unknownCoding: string | null
}

/** Leaves out what was meant for the connection to the upstream. @param raw names and values as they came */
export const readResponseHead = (raw: readonly (Buffer | string)[]): ResponseHead => {
  const headers: string[] = []
  let contentLength = -1
  let coding: string | null = null
  let named: string[] | null = null
  for (let i = 0; i < raw.length; i += 2) {
    const name = headerText(raw[i])
    const value = headerText(raw[i + 1])
    switch (classifyResponseHeader(name)) {
      case HeaderClass.endToEnd:
        headers.push(name, value)
        break
      case HeaderClass.contentLength:
        contentLength = Number(value)
        headers.push(name, value)
        break
      case HeaderClass.connection: {
        const more = connectionNamed(value)
        if (more !== null) named = named === null ? more : named.concat(more)
        break
      }
      case HeaderClass.transferEncoding:
        coding = coding === null ? value : `${coding}, ${value}`
        break
    }
  }
  if (coding !== null && contentLength !== -1) {
    contentLength = -1
    removeNamed(headers, ['content-length'])
  }
  if (named !== null) removeNamed(headers, named)
  return {
    headers,
    contentLength,
    isFramed: contentLength !== -1 || coding !== null,
    unknownCoding: coding === null || coding.toLowerCase() === 'chunked' ? null : coding,
  }
}

/** Header names and values are bytes: latin1 keeps each of them as it is (RFC 9110, section 5.5). */
export const headerText = (value: Buffer | string | undefined): string =>
  typeof value === 'string' ? value : (value as Buffer).toString('latin1')
