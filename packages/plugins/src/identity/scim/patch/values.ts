import type { ScimObject } from '../schema/attribute.ts'

/** Those that are there already take over what the new ones say; the new primary one is the only one. */
export function joinValues(before: readonly ScimObject[], added: readonly ScimObject[]): ScimObject[] {
  const primary = added.find((each) => each.primary === true)
  const joined = before.map((each) => (primary === undefined || each.primary !== true ? each : { ...each, primary: false }))
  const places = new Map<unknown, number[]>()
  for (const [place, { value }] of joined.entries()) places.set(value, [...(places.get(value) ?? []), place])
  for (const each of added) {
    const place = places.get(each.value)?.find((known) => isSame(joined[known] as ScimObject, each))
    if (place !== undefined) joined[place] = { ...joined[place], ...each }
    else places.set(each.value, [...(places.get(each.value) ?? []), joined.push(each) - 1])
  }
  return joined
}

export function withoutValues(before: readonly ScimObject[], gone: readonly ScimObject[]): ScimObject[] {
  const byValue = Map.groupBy(gone, ({ value }) => value)
  return before.filter((each) => !byValue.get(each.value)?.some((one) => isSame(each, one)))
}

/** Of one value; of one type, where both say which. */
function isSame(a: ScimObject, b: ScimObject): boolean {
  return a.value === b.value && (a.type === undefined || b.type === undefined || a.type === b.type)
}
