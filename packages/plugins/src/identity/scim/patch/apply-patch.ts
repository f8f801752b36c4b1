import { compileValueFilter } from '../filter/compile-filter.ts'
import { isObject, readValue, requireAll } from '../read-value.ts'
import { type Attribute, named, type ResourceSchema, type ScimObject, type ScimValue } from '../schema/attribute.ts'
import { resolveBelow, resolvePath } from '../schema/resolve-path.ts'
import { ScimError } from '../scim-error.ts'
import type { PatchChange } from './read-patch.ts'
import { requiredEquals } from './required-equals.ts'
import { joinValues, withoutValues } from './values.ts'

type Draft = Record<string, ScimValue | undefined>

/**
 * A resource as it is after these changes: all of them, in order, or an error and none (RFC 7644, section 3.5.2).
 * @throws ScimError `invalidPath`, `invalidFilter`, `invalidValue`, `mutability`, `noTarget`
 */
export function applyPatch(schema: ResourceSchema, resource: ScimObject, changes: readonly PatchChange[]): ScimObject {
  const draft = structuredClone(resource) as Draft
  for (const change of changes) applyChange(schema, draft, change)
  requireAll(schema, draft)
  return draft
}

function applyChange(schema: ResourceSchema, draft: Draft, change: PatchChange): void {
  const { path, filter, sub } = change.path
  const found = resolvePath(schema, path)
  if (found === 'passed-over') return
  if (found === null) throw new ScimError(400, `a ${schema.name} has no ${path.slice(0, 80)}`, 'invalidPath')
  const fixed = found.find(({ mutability }) => mutability !== 'readWrite')
  if (fixed !== undefined) {
    const same = fixed.name !== 'id' || draft.id === change.value
    if (!change.explicit && same) return
    throw unchangeable(fixed)
  }
  const [first, ...below] = found as [Attribute, ...Attribute[]]
  if (filter === null) changeAt(draft, first, below, change)
  else changeChosen(draft, found, { ...change, filter, sub })
}

/** Go down to where the attribute is. Below one with several values, it is changed in each of them. */
function changeAt(container: Draft, attribute: Attribute, below: readonly Attribute[], change: PatchChange): void {
  const [next, ...rest] = below
  if (next === undefined) {
    changeAttribute(container, attribute, change)
  } else if (attribute.multiValued) {
    const values = listOf(container[attribute.name])
    if (values.length === 0 && change.op !== 'remove') throw noTarget(change)
    const after = values.map((each) => changed(each, (draft) => changeAt(draft, next, rest, change)))
    assign(container, attribute, onePrimary(after.filter(hasParts), values))
  } else {
    const inner = changed((container[attribute.name] ?? {}) as ScimObject, (draft) => changeAt(draft, next, rest, change))
    assign(container, attribute, Object.keys(inner).length === 0 ? undefined : inner)
  }
}

function changeAttribute(container: Draft, attribute: Attribute, change: PatchChange): void {
  assign(container, attribute, valueAfter(attribute, container[attribute.name], change))
}

/** @returns undefined where nothing is left */
function valueAfter(attribute: Attribute, before: ScimValue | undefined, { op, value }: PatchChange): ScimValue | undefined {
  if (op === 'remove') {
    if (attribute.required) throw unchangeable(attribute)
    // Entra names what goes in the value instead of in the path.
    const listed = attribute.multiValued && value !== undefined && value !== null
    return listed ? withoutValues(listOf(before), listOf(readValue(attribute, value))) : undefined
  }
  if (attribute.type === 'complex' && !attribute.multiValued && isObject(value)) {
    return mergeParts(attribute, (before ?? {}) as ScimObject, value)
  }
  const read = readValue(attribute, value)
  if (op === 'replace') return read
  return attribute.multiValued ? joinValues(listOf(before), listOf(read)) : (read ?? before)
}

interface ChosenChange extends PatchChange {
  readonly filter: NonNullable<PatchChange['path']['filter']>
  readonly sub: string | null
}

/** `emails[type eq "work"]`, or a part of it. */
function changeChosen(draft: Draft, found: readonly Attribute[], change: ChosenChange): void {
  const attribute = found.at(-1) as Attribute
  if (found.length > 1 || !attribute.multiValued) {
    throw new ScimError(400, `${attribute.name} has not several values that a filter could choose of`, 'invalidPath')
  }
  const matches = compileValueFilter(change.filter, attribute)
  const values = listOf(draft[attribute.name])
  const part = change.sub === null ? null : resolveBelow(attribute, change.sub)?.[0]
  if (part === undefined) throw new ScimError(400, `${attribute.name} has no ${change.sub?.slice(0, 80)}`, 'invalidPath')
  if (part !== null && part.mutability !== 'readWrite') throw unchangeable(part)
  if (change.op === 'remove' && part === null) {
    assign(
      draft,
      attribute,
      values.filter((each) => !matches(each)),
    )
    return
  }
  const rewrite = (each: ScimObject): ScimObject => {
    if (part !== null) return changed(each, (inner) => changeAttribute(inner, part, change))
    const read = readValue({ ...attribute, multiValued: false }, change.value) as ScimObject | undefined
    return change.op === 'replace' ? (read ?? {}) : { ...each, ...read }
  }
  const chosen = values.filter(matches)
  if (chosen.length > 0 || change.op === 'remove') {
    const after = values.map((each) => (matches(each) ? rewrite(each) : each)).filter(hasParts)
    assign(draft, attribute, onePrimary(after, values))
    return
  }
  // Entra changes the address at work of who has none. What the filter asks for makes one.
  const begun = part === null ? null : requiredEquals(change.filter, attribute)
  if (begun === null) throw noTarget(change)
  assign(draft, attribute, joinValues(values, [rewrite(begun)]))
}

/** The parts that are given; null takes one away. */
function mergeParts(attribute: Attribute, before: ScimObject, value: Readonly<Record<string, unknown>>): ScimObject | undefined {
  const after: Draft = { ...before }
  for (const [name, each] of Object.entries(value)) {
    const part = named(attribute.subAttributes, name)
    if (part === undefined || part.mutability === 'readOnly') continue
    changeAttribute(after, part, { op: 'replace', value: each } as PatchChange)
  }
  return Object.keys(after).length === 0 ? undefined : after
}

function changed(object: ScimObject, change: (draft: Draft) => void): ScimObject {
  const draft: Draft = { ...object }
  change(draft)
  return draft
}

function assign(container: Draft, attribute: Attribute, value: ScimValue | undefined): void {
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0)
  if (!isEmpty) container[attribute.name] = value
  else if (attribute.required) throw new ScimError(400, `${attribute.name} can not be empty`, 'invalidValue')
  else delete container[attribute.name]
}

function hasParts(value: ScimObject): boolean {
  return Object.keys(value).length > 0
}

function listOf(value: ScimValue | undefined): readonly ScimObject[] {
  return (value ?? []) as readonly ScimObject[]
}

/** Who became primary takes it from the one that was (RFC 7644, section 3.5.2). */
function onePrimary(after: readonly ScimObject[], before: readonly ScimObject[]): readonly ScimObject[] {
  const primaries = after.filter(({ primary }) => primary === true)
  if (primaries.length < 2) return after
  const winner = primaries.find((each) => !before.some((old) => old.primary === true && old.value === each.value)) ?? primaries[0]
  return after.map((each) => (each === winner || each.primary !== true ? each : { ...each, primary: false }))
}

function unchangeable({ name, required }: Attribute): ScimError {
  return new ScimError(400, required ? `${name} can not be removed` : `${name} can not be changed`, 'mutability')
}

function noTarget({ path, op }: PatchChange): ScimError {
  return new ScimError(400, `nothing to ${op}: no value of ${path.path} is meant by the path`, 'noTarget')
}
