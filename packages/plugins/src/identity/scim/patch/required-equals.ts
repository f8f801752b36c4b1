import type { Filter } from '../filter/filter.ts'
import { readValue } from '../read-value.ts'
import type { Attribute, ScimObject, ScimValue } from '../schema/attribute.ts'
import { resolveBelow } from '../schema/resolve-path.ts'

/** What a value has to be to meet the filter: `type eq "work"` → `{type: 'work'}`. Null where it leaves a choice. */
export function requiredEquals(filter: Filter, attribute: Attribute): ScimObject | null {
  const parts = filter.kind === 'and' ? filter.parts : [filter]
  const required: Record<string, ScimValue> = {}
  for (const part of parts) {
    if (part.kind !== 'compare' || part.op !== 'eq') return null
    const [found, ...more] = resolveBelow(attribute, part.path) ?? []
    const value = found === undefined || more.length > 0 ? undefined : readValue(found, part.value)
    if (found === undefined || value === undefined) return null
    required[found.name] = value
  }
  return required
}
