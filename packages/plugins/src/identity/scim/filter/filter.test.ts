import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupSchema, userSchema } from '../schema/resource-schemas.ts'
import { ScimError } from '../scim-error.ts'
import { compileFilter } from './compile-filter.ts'
import { parseFilter, parsePatchPath } from './parse-filter.ts'

const ada = {
  id: 'usr_00000000000a',
  externalId: 'A-1',
  meta: { resourceType: 'User', created: '2026-03-02T09:00:00Z' },
  userName: 'Ada@Example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  active: true,
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  groups: [{ value: 'grp_00000000000b', display: 'devs' }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines', manager: { value: 'usr_00000000000c' } },
}
const matches = (filter: string) => compileFilter(parseFilter(filter), userSchema)(ada)
const failure = (filter: string): string => {
  try {
    compileFilter(parseFilter(filter), userSchema)
  } catch (error) {
    if (error instanceof ScimError) return `${error.status} ${error.scimType} ${error.message}`
    throw error
  }
  return 'none'
}

describe('a filter (RFC 7644, section 3.4.2.2)', () => {
  it.each([
    ['userName eq "ada@example.com"', true],
    ['USERNAME Eq "ADA@example.COM"', true],
    ['userName eq "ada"', false],
    ['userName ne "ada"', true],
    ['userName co "@EXAMPLE"', true],
    ['userName sw "ada"', true],
    ['userName ew ".com"', true],
    ['userName gt "aaa"', true],
    ['userName ge "ada@example.com"', true],
    ['userName lt "b"', true],
    ['userName le "a"', false],
    ['userName eq "\\u0041da@example.com"', true],
    ['externalId eq "a-1"', false],
    ['externalId eq "A-1"', true],
    ['title pr', false],
    ['name pr', true],
    ['title eq null', true],
    ['title ne "x"', true],
    ['userName ne null', true],
    ['active eq true', true],
    ['active eq "True"', true],
    ['active ne true', false],
    ['name.familyName co "love"', true],
    ['emails co "home"', true],
    ['emails.value ew "example.com"', true],
    ['emails[type eq "work" and value co "@home"]', false],
    ['emails[type eq "home" and value co "@home"]', true],
    ['emails[type eq "work"].value eq "ada@example.com"', true],
    ['emails[type eq "home"].value eq "ada@example.com"', false],
    ['emails[not (type eq "work")]', true],
    ['groups.value eq "grp_00000000000b"', true],
    ['meta.created gt "2026-03-02T08:00:00+00:00"', true],
    ['meta.created eq "2026-03-02T10:00:00+01:00"', true],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"', true],
    ['urn:ietf:params:scim:schemas:core:2.0:user:name.givenName eq "ada"', true],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines"', true],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value pr', true],
    ['phoneNumbers.value eq "1"', false],
    ['not (userName eq "x" or userName eq "y")', true],
    ['userName eq "x" or active eq true and title pr', false],
    ['(userName eq "x" or active eq true) and name pr', true],
    ['userName sw "a" and userName ew "m" or title pr', true],
    ['title pr or not(title pr)', true],
  ] as const)('%s → %s', (filter, expected) => {
    expect(matches(filter)).toBe(expected)
  })

  it.each([
    ['', 'ends where it should have the name of an attribute'],
    ['(userName eq "ada"', "has a '(' at 1 that is never closed"],
    ['emails[type eq "work"', "has a '[' at 7 that is never closed"],
    ['userName eq "ada")', "has a ')' at 18 that nothing opens"],
    ['emails[type eq "work")', `has ")" at 22 where it should have and, or, or ']'`],
    ['((userName eq "ada") or (title pr)', "has a '(' at 1 that is never closed"],
    ['userName', 'ends where it should have pr, eq'],
    ['userName is "ada"', 'has "is" at 10 where it should have pr, eq'],
    ['userName eq', 'ends where it should have a value, texts in double quotes'],
    ['userName eq ada', 'has "ada" at 13 where it should have a value'],
    ["userName eq 'ada'", `has "'ada'" at 13 where`],
    ['userName eq "ada', 'where it should have a value'],
    ['userName eq "a\\q"', 'has a value at 13 that is no JSON'],
    ['userName eq "ada" title pr', 'has "title" at 19 where it should have and, or, or the end'],
    ['userName eq "ada" and', 'ends where it should have the name of an attribute'],
    ['not userName eq "ada"', "where it should have '(' behind not"],
    ['emails[groups[value pr]]', 'has brackets within the brackets at 14'],
    ['userName co true', 'userName is compared with a text'],
    ['userName gt null', 'null can be compared by eq and ne alone'],
    ['active gt true', 'can not be compared by gt'],
    ['active eq "yes"', 'active is true or false'],
    ['meta.created gt "yesterday"', 'created is compared with an instant'],
    ['shoeSize eq "42"', 'there is no attribute shoeSize'],
    ['name.nick pr', 'there is no attribute name.nick'],
    ['emails[shade eq "x"]', 'emails has no shade'],
    ['userName[value pr]', 'userName has no parts'],
    ['name eq "Ada"', 'name has parts: say which one is compared'],
    [`${'('.repeat(50_000)}title pr`, 'is longer than 10000 characters'],
    [`${'('.repeat(1_000)}title pr${')'.repeat(1_000)}`, 'has more than 20 brackets within each other'],
    [`${'not ('.repeat(21)}title pr${')'.repeat(21)}`, 'has more than 20 brackets within each other'],
  ])('%s is refused, and told why', (filter, words) => {
    expect(failure(filter)).toMatch(/^400 invalidFilter /)
    expect(failure(filter)).toContain(words)
  })

  it('is told apart from any text: what is none is invalidFilter, never another failure', () => {
    const part = fc.constantFrom(
      ...['userName', 'emails', 'name.givenName', '(', ')', '[', ']', '.value', 'eq', 'co', 'pr', 'and', 'or', 'not', 'null', 'true'],
      ...['"a"', '"', '\\', '-1', '1e5', ':', '$ref', '\u0000', 'urn:ietf:params:scim:schemas:core:2.0:User', '__proto__', 'constructor'],
    )
    const text = fc.oneof(
      fc.array(part, { maxLength: 40 }).map((parts) => parts.join(' ')),
      fc.string({ maxLength: 200, unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (filter) => {
        expect(failure(filter)).toMatch(/^(none$|400 invalidFilter )/)
      }),
      { numRuns: 2_000 },
    )
  })

  it('has as many brackets that open as brackets that close', () => {
    const simple = fc.constantFrom('title pr', 'userName eq "a)b("', 'emails[type eq "wo]rk"]', 'active eq true')
    const filters = fc.letrec<{ filter: string }>((tie) => ({
      filter: fc.oneof(
        { depthSize: 'small', maxDepth: 4 },
        simple,
        tie('filter').map((each) => `(${each})`),
        tie('filter').map((each) => `not (${each})`),
        fc.tuple(tie('filter'), fc.constantFrom(' and ', ' or '), tie('filter')).map((parts) => parts.join('')),
      ),
    })).filter
    fc.assert(
      fc.property(filters, fc.nat(), fc.constantFrom('(', ')', '[', ']'), (filter, place, bracket) => {
        expect(failure(filter)).toBe('none')
        const gaps = [...filter.matchAll(/"[^"]*"|./g)].map(({ index }) => index)
        const at = gaps[place % gaps.length] ?? 0
        expect(failure(filter.slice(0, at) + bracket + filter.slice(at))).toMatch(/^400 invalidFilter /)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the path of a PATCH (RFC 7644, section 3.5.2)', () => {
  it.each([
    ['members', { path: 'members', filter: null, sub: null }],
    ['members[value eq "1"]', { path: 'members', sub: null }],
    ['emails[type eq "work" and primary eq true].value', { path: 'emails', sub: 'value' }],
    ['urn:ietf:params:scim:schemas:core:2.0:User:name.givenName', { sub: null, filter: null }],
  ])('%s', (text, path) => {
    expect(parsePatchPath(text)).toMatchObject(path)
  })

  it.each([
    '',
    '[type eq "work"]',
    'emails[type eq "work"',
    'emails[type eq "work"]value',
    'emails]',
    'a b',
    '.value',
    'emails[].value',
    '(emails)',
    '1',
  ])('%j is refused', (text) => {
    expect(() => parsePatchPath(text)).toThrow(expect.objectContaining({ status: 400, scimType: 'invalidPath' }))
  })
})

it('finds members of a group by their id', () => {
  const devs = { displayName: 'devs', members: [{ value: 'usr_00000000000a' }] }
  for (const filter of ['members eq "usr_00000000000a"', 'members.value eq "usr_00000000000a"', 'members[value eq "usr_00000000000a"]']) {
    expect(compileFilter(parseFilter(filter), groupSchema)(devs)).toBe(true)
  }
})
