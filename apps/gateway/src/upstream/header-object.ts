import type { OutgoingHttpHeaders } from 'node:http'

/** A flat list as the object that Node takes for trailers. */
export const headerObject = (list: readonly string[]): OutgoingHttpHeaders => {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase()
    const value = list[i + 1] as string
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (Array.isArray(before)) before.push(value)
    else headers[name] = [before, value]
  }
  return headers
}
