/** Whether one word may have been typed for the other: one letter more, less or other, or two swapped. */
export const isNear = (one: string, other: string): boolean => {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  const rest = [one.slice(start), other.slice(start)] as const
  return (
    rest[0].slice(1) === rest[1] ||
    rest[0] === rest[1].slice(1) ||
    rest[0].slice(1) === rest[1].slice(1) ||
    (rest[0].slice(2) === rest[1].slice(2) && rest[0][0] === rest[1][1] && rest[0][1] === rest[1][0])
  )
}
