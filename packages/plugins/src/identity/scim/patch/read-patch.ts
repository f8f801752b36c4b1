import type { PatchPath } from '../filter/filter.ts'
import { parsePatchPath } from '../filter/parse-filter.ts'
import { isObject, memberOf, requireSchema } from '../read-value.ts'
import { ScimError } from '../scim-error.ts'

export const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const verbs = ['add', 'replace', 'remove'] as const

/** One change of one attribute. */
export interface PatchChange {
  readonly op: (typeof verbs)[number]
  readonly path: PatchPath
  readonly value: unknown
  /** The request names the path: what it may not change is an error, not passed over. */
  readonly explicit: boolean
}

const mostOperations = 1_000

/**
 * The changes of a PATCH, in order. An operation without a path is one for each attribute of its value (RFC 7644, section
 * 3.5.2.1), whose names may be paths, as Entra writes them.
 * @throws ScimError `invalidSyntax`, `invalidPath`, `invalidValue`, `noTarget`
 */
export function readPatch(body: unknown): PatchChange[] {
  if (!isObject(body)) throw syntax('a PATCH is an object of JSON')
  requireSchema(body, patchUrn, 'a PATCH')
  const operations = memberOf(body, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0) throw syntax('Operations is a list of at least one')
  if (operations.length > mostOperations) throw new ScimError(413, `a PATCH has at most ${mostOperations} operations`)
  return operations.flatMap((operation: unknown, index) => readOperation(operation, `Operations[${index}]`))
}

function readOperation(operation: unknown, at: string): PatchChange[] {
  if (!isObject(operation)) throw syntax(`${at} is an object`)
  const verb = String(memberOf(operation, 'op') ?? '').toLowerCase()
  const op = verbs.find((each) => each === verb)
  if (op === undefined) throw syntax(`${at}.op is add, replace or remove`)
  const value = memberOf(operation, 'value')
  const path = memberOf(operation, 'path') ?? ''
  if (typeof path !== 'string') throw new ScimError(400, `${at}.path is a text`, 'invalidPath')
  if (op !== 'remove' && value === undefined) throw new ScimError(400, `${at} has no value to ${op}`, 'invalidValue')
  if (path !== '') return [{ op, path: parsePatchPath(path), value, explicit: true }]
  if (op === 'remove') throw new ScimError(400, `${at} does not say what to remove: it has no path`, 'noTarget')
  if (!isObject(value)) throw new ScimError(400, `${at} has no path: its value is an object of attributes`, 'invalidValue')
  return Object.entries(value).flatMap(([name, each]) =>
    name.toLowerCase() === 'schemas' ? [] : [{ op, path: parsePatchPath(name), value: each, explicit: false }],
  )
}

function syntax(detail: string): ScimError {
  return new ScimError(400, detail, 'invalidSyntax')
}
