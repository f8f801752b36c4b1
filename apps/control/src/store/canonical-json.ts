import { StandinError } from '@standin/client'

const deepest = 64

/**
 * JSON whose keys are in order, so that equal values have equal texts. Properties that are undefined are left out.
 * @throws StandinError `invalid` for what JSON can't hold: functions, instances of classes, NaN, circles
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

function write(value: unknown, depth: number): string {
  if (depth > deepest) throw notJson(`it is nested deeper than ${deepest}, or in a circle`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notJson(`${value} is no number of JSON`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`
  if (typeof value !== 'object') throw notJson(`it holds ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw notJson(`it holds an instance of ${value.constructor.name}`)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item, depth + 1)}`).join(',')}}`
}

function notJson(why: string): StandinError {
  return new StandinError('invalid', `the value can not be kept as JSON: ${why}`)
}
