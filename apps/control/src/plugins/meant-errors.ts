/** As TypeBox tells it; paths are JSON Pointers (RFC 6901), that of the schema with `#` before it. */
interface SchemaError {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
}

/**
 * Where a value fits none of several schemas, the errors of all of them are told, and one more. What was meant is the one whose kind
 * of value it is: its errors alone are of use. Where it is none of them, so is that it fits none.
 */
export function meantErrors<E extends SchemaError>(errors: readonly E[]): E[] {
  let left = [...errors]
  // The innermost come first.
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const { schemaPath, instancePath } = union
    const branchOf = (error: E) =>
      /^\/anyOf\/[0-9]+/.exec(error.schemaPath.startsWith(schemaPath) ? error.schemaPath.slice(schemaPath.length) : '')?.[0]
    const branches = new Set(left.flatMap((error) => branchOf(error) ?? []))
    for (const error of left) {
      const isOtherKind = error.instancePath === instancePath && (error.keyword === 'type' || error.keyword === 'const')
      if (isOtherKind) branches.delete(branchOf(error) ?? '')
    }
    const [meant, ...others] = branches
    const told =
      meant !== undefined && others.length === 0
        ? (error: E) => error !== union && [undefined, meant].includes(branchOf(error))
        : (error: E) => branchOf(error) === undefined
    left = left.filter(told)
  }
  return left
}
