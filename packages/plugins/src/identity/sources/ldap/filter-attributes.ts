import { FilterParser } from 'ldapts'

/** Names of the attributes that a filter asks for. @throws Error for what is no filter */
export function filterAttributes(filter: string): Set<string> {
  const names = new Set<string>()
  const open: object[] = [FilterParser.parseString(filter)]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('filters' in next) open.push(...(next.filters as object[]))
    else if ('filter' in next) open.push(next.filter as object)
    else {
      const name = 'attribute' in next ? next.attribute : 'matchType' in next ? next.matchType : undefined
      if (typeof name === 'string' && name !== '') names.add(name)
    }
  }
  return names
}
