import { classifyResponseHeader, HeaderClass } from '../http/headers.ts'

/** What of the trailers of a response goes on (RFC 9110, section 6.5.1); null: nothing. */
export const endToEndTrailers = (trailers: readonly string[]): string[] | null => {
  const kept: string[] = []
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string
    if (classifyResponseHeader(name) === HeaderClass.endToEnd) kept.push(name, trailers[i + 1] as string)
  }
  return kept.length === 0 ? null : kept
}
