import { compileFilter, type Matches, valuesAt } from './filter/compile-filter.ts'
import type { Filter } from './filter/filter.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { foldText, type ResourceSchema, type ScimObject, type ScimValue } from './schema/attribute.ts'
import type { ProjectionQuery } from './schema/projection.ts'
import { type AttributePath, resolvePath } from './schema/resolve-path.ts'
import { ScimError } from './scim-error.ts'
import { withSchemas } from './scim-reply.ts'

/** Resources on one page. */
export const mostResults = 1_000
const usualResults = 100
/** Characters that control takes in the query of a list. */
const longestAsked = 200

/** As it comes in the query of a GET, or the body of a POST to `.search` (RFC 7644, sections 3.4.2 and 3.4.3). */
export interface SearchParameters extends ProjectionQuery {
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  readonly startIndex?: number | undefined
  readonly count?: number | undefined
}

/** What is asked for, looked up in the schema. */
export interface SearchQuery {
  /** Null: all of them. */
  readonly filter: Filter | null
  readonly matches: Matches
  /** Null: in the order in which they came to be. */
  readonly compare: ((a: ScimObject, b: ScimObject) => number) | null
  /** From 1. */
  readonly startIndex: number
  readonly count: number
}

/** @throws ScimError `invalidFilter`, `invalidPath`, `invalidValue` */
export function readSearch(schema: ResourceSchema, parameters: SearchParameters): SearchQuery {
  const { filter: text, sortBy, sortOrder = 'ascending', startIndex = 1, count = usualResults } = parameters
  const filter = text === undefined ? null : parseFilter(text)
  if (sortOrder !== 'ascending' && sortOrder !== 'descending') {
    throw new ScimError(400, 'sortOrder is ascending or descending', 'invalidValue')
  }
  return {
    filter,
    matches: filter === null ? () => true : matcher(filter, schema),
    compare: sortBy === undefined ? null : comparator(schema, sortBy, sortOrder === 'ascending' ? 1 : -1),
    // Less than 1 is 1, less than none is none (RFC 7644, section 3.4.2.4, table 5).
    startIndex: Math.max(1, startIndex),
    count: Math.min(mostResults, Math.max(0, count)),
  }
}

/**
 * What a filter requires of attributes, as far as that is one text that a list can be asked for. Paths in lower case:
 * `emails[type eq "work"].value eq "x"` requires `emails.value`.
 */
export function requiredTexts(filter: Filter | null, below = ''): ReadonlyMap<string, string> {
  const required = new Map<string, string>()
  const parts = filter === null ? [] : filter.kind === 'and' ? filter.parts : [filter]
  for (const part of parts) {
    if (part.kind === 'values') {
      for (const [path, text] of requiredTexts(part.filter, `${part.path.toLowerCase()}.`)) required.set(path, text)
    }
    if (part.kind !== 'compare' || part.op !== 'eq' || typeof part.value !== 'string') continue
    if (part.value.length <= longestAsked) required.set(below + part.path.toLowerCase(), part.value)
  }
  return required
}

/** Those that match, in order, as far as they are on the page. */
export class ResultPage {
  readonly #query: SearchQuery
  readonly #kept: ScimObject[] = []
  #total = 0

  constructor(query: SearchQuery) {
    this.#query = query
  }

  get total(): number {
    return this.#total
  }

  /** @param make the resource: where all match, only those of the page are made */
  offer(make: () => ScimObject): void {
    const { filter, matches, compare, startIndex, count } = this.#query
    const resource = filter === null ? null : make()
    if (resource !== null && !matches(resource)) return
    this.#total++
    if (compare !== null || (this.#total >= startIndex && this.#kept.length < count)) this.#kept.push(resource ?? make())
  }

  get resources(): readonly ScimObject[] {
    const { compare, startIndex, count } = this.#query
    if (compare === null) return this.#kept
    return this.#kept.toSorted(compare).slice(startIndex - 1, startIndex - 1 + count)
  }
}

function matcher(filter: Filter, schema: ResourceSchema): Matches {
  const matches = compileFilter(filter, schema)
  return (resource) => matches(withSchemas(schema, resource))
}

/** Those without a value come last going up, first going down (RFC 7644, section 3.4.2.3). */
function comparator(schema: ResourceSchema, sortBy: string, direction: 1 | -1) {
  const path = resolvePath(schema, sortBy)
  if (path === null) throw new ScimError(400, `there is no attribute ${sortBy.slice(0, 80)} to sort by`, 'invalidPath')
  if (path === 'passed-over') return () => 0
  const last = path.at(-1)
  const key = (resource: ScimObject): string | undefined => {
    const value = sortValue(resource, path)
    return value === undefined || last?.caseExact === true ? value : foldText(value)
  }
  return (a: ScimObject, b: ScimObject): number => {
    const [one, other] = [key(a), key(b)]
    if (one === other) return 0
    if (one === undefined || other === undefined) return one === undefined ? direction : -direction
    return one < other ? -direction : direction
  }
}

/** Of several values the primary one counts, or the first. */
function sortValue(resource: ScimObject, path: AttributePath): string | undefined {
  const values = valuesAt(resource, path) as (ScimValue & { primary?: boolean; value?: ScimValue })[]
  const chosen = values.find((each) => typeof each === 'object' && each.primary === true) ?? values[0]
  const simple = typeof chosen === 'object' ? chosen.value : chosen
  return simple === undefined ? undefined : String(simple)
}
