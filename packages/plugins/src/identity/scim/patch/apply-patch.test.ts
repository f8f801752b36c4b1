import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readResource } from '../read-value.ts'
import type { ScimObject } from '../schema/attribute.ts'
import { enterpriseUrn, groupSchema, userSchema } from '../schema/resource-schemas.ts'
import { ScimError } from '../scim-error.ts'
import { applyPatch } from './apply-patch.ts'
import { patchUrn, readPatch } from './read-patch.ts'

const ada: ScimObject = {
  id: 'usr_00000000000a',
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Byron' },
  displayName: 'Ada Byron',
  active: true,
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  [enterpriseUrn]: { department: 'Engines', manager: { value: 'usr_00000000000c' } },
}
const devs: ScimObject = { id: 'grp_00000000000a', displayName: 'devs', members: [{ value: 'a' }, { value: 'b', type: 'User' }] }

const patched = (Operations: unknown, resource = ada) =>
  applyPatch(resource === devs ? groupSchema : userSchema, resource, readPatch({ schemas: [patchUrn], Operations }))
const [work, home] = ada.emails as [ScimObject, ScimObject]
const enterprise = ada[enterpriseUrn] as ScimObject

describe('a PATCH (RFC 7644, section 3.5.2)', () => {
  it.each<[string, unknown, ScimObject]>([
    ['replaces', { op: 'replace', path: 'title', value: 'Countess' }, { title: 'Countess' }],
    ['adds what was not there', { op: 'add', path: 'title', value: 'Countess' }, { title: 'Countess' }],
    ['has no eye for case, as Entra writes it', { op: 'Replace', path: 'DisplayName', value: 'Ada' }, { displayName: 'Ada' }],
    ['takes booleans as Entra writes them', { op: 'Replace', path: 'active', value: 'False' }, { active: false }],
    ['has no path, as Okta writes it', { op: 'replace', value: { active: false } }, { active: false }],
    [
      'has paths as names, as Entra writes them',
      {
        op: 'Add',
        value: { 'name.givenName': 'Augusta', 'emails[type eq "work"].value': 'a@example.com', [`${enterpriseUrn}:department`]: 'X' },
      },
      {
        name: { givenName: 'Augusta', familyName: 'Byron' },
        emails: [{ ...work, value: 'a@example.com' }, home],
        [enterpriseUrn]: { ...enterprise, department: 'X' },
      },
    ],
    [
      'replaces a part',
      { op: 'replace', path: 'name.familyName', value: 'Lovelace' },
      { name: { givenName: 'Ada', familyName: 'Lovelace' } },
    ],
    [
      'leaves the other parts',
      { op: 'replace', path: 'name', value: { familyName: 'King' } },
      { name: { givenName: 'Ada', familyName: 'King' } },
    ],
    ['takes a part away by null', { op: 'replace', path: 'name', value: { givenName: null } }, { name: { familyName: 'Byron' } }],
    [
      'makes what the part is of',
      { op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:User:name.middleName', value: 'K' },
      { name: { ...(ada.name as ScimObject), middleName: 'K' } },
    ],
    ['removes', { op: 'remove', path: 'displayName' }, { displayName: undefined }],
    [
      'removes parts, and what has none left',
      [
        { op: 'remove', path: 'name.givenName' },
        { op: 'remove', path: 'name.familyName' },
      ],
      { name: undefined },
    ],
    ['removes what is not there without a word', { op: 'remove', path: 'title' }, {}],
    [
      'takes an empty text for nothing',
      { op: 'replace', path: `${enterpriseUrn}:manager`, value: '' },
      { [enterpriseUrn]: { department: 'Engines' } },
    ],
    [
      'takes a manager by the id alone',
      { op: 'add', path: `${enterpriseUrn}:manager`, value: 'usr_1' },
      { [enterpriseUrn]: { department: 'Engines', manager: { value: 'usr_1' } } },
    ],
    [
      'takes a whole extension',
      { op: 'replace', value: { [enterpriseUrn]: { department: 'Y' } } },
      { [enterpriseUrn]: { ...enterprise, department: 'Y' } },
    ],
    ['replaces a list', { op: 'replace', path: 'emails', value: [{ value: 'x@example.com' }] }, { emails: [{ value: 'x@example.com' }] }],
    ['empties a list', { op: 'replace', path: 'emails', value: [] }, { emails: undefined }],
    [
      'adds to a list what is not in it',
      { op: 'add', path: 'emails', value: [home, { value: 'y@example.com' }] },
      { emails: [work, home, { value: 'y@example.com' }] },
    ],
    [
      'has one primary value',
      { op: 'add', path: 'emails', value: { value: 'z@example.com', primary: true } },
      { emails: [{ ...work, primary: false }, home, { value: 'z@example.com', primary: true }] },
    ],
    [
      'makes another one primary',
      { op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' },
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'has one primary value also where all are meant',
      { op: 'add', path: 'emails.primary', value: true },
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'changes a value that a filter chooses',
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'n@example.com' },
      { emails: [{ ...work, value: 'n@example.com' }, home] },
    ],
    [
      'puts another value in its place',
      { op: 'replace', path: 'emails[primary eq true]', value: { value: 'n@example.com' } },
      { emails: [{ value: 'n@example.com' }, home] },
    ],
    [
      'makes the value that the filter asks for, as Entra relies on',
      { op: 'Add', path: 'emails[type eq "other"].value', value: 'o@example.com' },
      { emails: [work, home, { type: 'other', value: 'o@example.com' }] },
    ],
    ['removes values by a filter', { op: 'remove', path: 'emails[value ew "home.example"]' }, { emails: [work] }],
    [
      'removes a part of chosen values',
      { op: 'remove', path: 'emails[type eq "work"].primary' },
      { emails: [{ value: 'ada@example.com', type: 'work' }, home] },
    ],
    ['passes over what nobody keeps', { op: 'add', path: 'phoneNumbers[type eq "work"].value', value: '1' }, {}],
    ['passes over what only the server says, without a path', { op: 'replace', value: { id: ada.id, groups: [], meta: {} } }, {}],
    [
      'goes by the order',
      [
        { op: 'replace', path: 'title', value: 'A' },
        { op: 'remove', path: 'title' },
        { op: 'add', path: 'title', value: 'B' },
      ],
      { title: 'B' },
    ],
  ])('%s', (_, operations, expected) => {
    const after = { ...ada, ...expected }
    for (const [name, value] of Object.entries(after)) if (value === undefined) delete after[name as never]
    expect(patched([operations].flat())).toStrictEqual(after)
  })

  it.each<[string, unknown, ScimObject[] | undefined]>([
    [
      'adds members',
      { op: 'Add', path: 'members', value: [{ value: 'c' }, { value: 'a' }] },
      [{ value: 'a' }, { value: 'b', type: 'User' }, { value: 'c' }],
    ],
    ['removes one by a filter', { op: 'remove', path: 'members[value eq "a"]' }, [{ value: 'b', type: 'User' }]],
    [
      'removes those that the value names, as Entra writes it',
      { op: 'Remove', path: 'members', value: [{ value: 'b' }] },
      [{ value: 'a' }],
    ],
    [
      'removes nobody where the value names nobody',
      { op: 'Remove', path: 'members', value: [] },
      [{ value: 'a' }, { value: 'b', type: 'User' }],
    ],
    ['removes all', { op: 'remove', path: 'members' }, undefined],
    ['replaces all', { op: 'replace', value: { id: devs.id, members: [{ value: 'd' }] } }, [{ value: 'd' }]],
  ])('of a group %s', (_, operation, members) => {
    const { members: _before, ...rest } = devs
    expect(patched([operation], devs)).toStrictEqual(members === undefined ? rest : { ...rest, members })
  })

  it.each<[string, unknown, string]>([
    ['no operations', [], 'invalidSyntax'],
    ['operations that are none', 'replace', 'invalidSyntax'],
    ['an operation that is none', ['replace'], 'invalidSyntax'],
    ['an op that does not exist', [{ op: 'move', path: 'title', value: 'x' }], 'invalidSyntax'],
    ['no op', [{ path: 'title', value: 'x' }], 'invalidSyntax'],
    ['no value', [{ op: 'replace', path: 'title' }], 'invalidValue'],
    ['a path that is no text', [{ op: 'replace', path: ['title'], value: 'x' }], 'invalidPath'],
    ['a path that is no path', [{ op: 'replace', path: 'title eq', value: 'x' }], 'invalidPath'],
    ['a path with brackets that do not close', [{ op: 'replace', path: 'emails[type eq "work".value', value: 'x' }], 'invalidPath'],
    ['an unknown attribute', [{ op: 'replace', path: 'shoeSize', value: '42' }], 'invalidPath'],
    ['an unknown attribute without a path', [{ op: 'replace', value: { shoeSize: '42' } }], 'invalidPath'],
    ['an unknown part', [{ op: 'replace', path: 'name.nick', value: 'x' }], 'invalidPath'],
    ['an unknown part of chosen values', [{ op: 'replace', path: 'emails[type eq "work"].shade', value: 'x' }], 'invalidPath'],
    ['an unknown part in the filter', [{ op: 'remove', path: 'emails[shade eq "x"]' }], 'invalidFilter'],
    ['a filter on what has one value', [{ op: 'remove', path: 'name[givenName eq "Ada"]' }], 'invalidPath'],
    ['a prototype', [{ op: 'add', path: '__proto__.polluted', value: 'x' }], 'invalidPath'],
    ['a constructor', [{ op: 'add', path: 'constructor.prototype.polluted', value: 'x' }], 'invalidPath'],
    ['removal without a path', [{ op: 'remove' }], 'noTarget'],
    ['values that are not there', [{ op: 'replace', path: 'emails[type eq "fax"]', value: { value: 'x' } }], 'noTarget'],
    [
      'values that a filter leaves open',
      [{ op: 'replace', path: 'emails[type ne "work" and type ne "home"].value', value: 'x' }],
      'noTarget',
    ],
    ['an object for a text', [{ op: 'replace', path: 'title', value: { x: 1 } }], 'invalidValue'],
    ['a number for a text', [{ op: 'replace', path: 'title', value: 1 }], 'invalidValue'],
    ['a text for a boolean', [{ op: 'replace', path: 'active', value: 'maybe' }], 'invalidValue'],
    ['a list for one value', [{ op: 'replace', path: 'displayName', value: ['x'] }], 'invalidValue'],
    ['a text without a path', [{ op: 'replace', value: 'x' }], 'invalidValue'],
    ['a number for an email', [{ op: 'add', path: 'emails', value: [7] }], 'invalidValue'],
    [
      'two primary emails',
      [
        {
          op: 'replace',
          path: 'emails',
          value: [
            { value: 'x', primary: true },
            { value: 'y', primary: true },
          ],
        },
      ],
      'invalidValue',
    ],
    ['no userName', [{ op: 'replace', path: 'userName', value: '' }], 'invalidValue'],
    ['removal of the userName', [{ op: 'remove', path: 'userName' }], 'mutability'],
    ['another id', [{ op: 'replace', path: 'id', value: 'x' }], 'mutability'],
    ['another id without a path', [{ op: 'replace', value: { id: 'x' } }], 'mutability'],
    ['groups of a user', [{ op: 'add', path: 'groups', value: [{ value: 'x' }] }], 'mutability'],
  ])('with %s is refused', (_, operations, scimType) => {
    let failure: unknown
    try {
      patched(operations)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(ScimError)
    expect(failure).toMatchObject({ status: 400, scimType })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('of which the third operation is wrong changes nothing of what it was given', () => {
    const before = structuredClone(ada)
    const operations = [
      { op: 'replace', path: 'name.givenName', value: 'X' },
      { op: 'remove', path: 'emails[type eq "work"]' },
      { op: 'replace', path: 'active', value: 'perhaps' },
    ]
    expect(() => patched(operations)).toThrow('active is true or false')
    expect(ada).toStrictEqual(before)
  })

  it('of a group can not give a member another id', () => {
    expect(() => patched([{ op: 'replace', path: 'members[value eq "a"].value', value: 'z' }], devs)).toThrow('value can not be changed')
  })

  it('comes to a resource as a client could have sent it, or is refused, whatever it asks for', () => {
    const path = fc.constantFrom(
      ...['', 'title', 'active', 'userName', 'name', 'name.givenName', 'displayName', 'emails', 'emails.value', 'emails.primary', 'id'],
      ...['emails[type eq "work"]', 'emails[type eq "fax"].value', 'emails[primary eq true].primary', 'emails[not (type pr)].display'],
      ...[
        'emails[value co "@"].type',
        'manager',
        `${enterpriseUrn}:manager.value`,
        enterpriseUrn,
        'department',
        'groups',
        'meta',
        'schemas',
      ],
      ...['phoneNumbers', 'members', '__proto__', 'constructor', 'toString', 'name.constructor', 'emails[', 'emails[value eq', '.value'],
    )
    const address = fc.record(
      { value: fc.constantFrom('a@example.com', 'ada@example.com', ''), type: fc.constantFrom('work', 'home'), primary: fc.boolean() },
      { requiredKeys: [] },
    )
    const named = fc.dictionary(
      fc.constantFrom(
        'title',
        'active',
        'emails',
        'name',
        'Name.GivenName',
        'emails[type eq "home"].value',
        enterpriseUrn,
        '__proto__',
        'id',
      ),
      fc.oneof(fc.string(), fc.boolean(), fc.array(address)),
    )
    const value = fc.oneof(
      ...[fc.constantFrom<unknown>(null, '', 'True', 'x', true, 7, [], {}), address, fc.array(address), named, fc.jsonValue()],
    )
    const operation = fc.record({ op: fc.constantFrom('add', 'Replace', 'REMOVE', 'move'), path, value }, { requiredKeys: ['op'] })
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 4 }), (operations) => {
        let after: ScimObject
        try {
          after = patched(operations)
        } catch (error) {
          expect(error).toBeInstanceOf(ScimError)
          return
        }
        const { id, ...rest } = after
        expect(id).toBe(ada.id)
        expect(readResource(userSchema, { schemas: [userSchema.id], ...rest })).toStrictEqual(rest)
      }),
      { numRuns: 2_000 },
    )
  })
})
