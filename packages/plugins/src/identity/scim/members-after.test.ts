import fc from 'fast-check'
import { expect, it } from 'vitest'
import { membersAfter } from './members-after.ts'
import { applyPatch } from './patch/apply-patch.ts'
import { readPatch } from './patch/read-patch.ts'
import type { ScimObject } from './schema/attribute.ts'
import { groupSchema } from './schema/resource-schemas.ts'
import { ScimError } from './scim-error.ts'
import { patchOf } from './testing/scim-client.ts'

const valuesOf = ({ members = [] }: ScimObject) => (members as readonly ScimObject[]).map(({ value }) => value)

it('comes to the same as the whole PATCH, without knowing who is in the group', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd')
  const member = fc.oneof(id, fc.record({ value: id, type: fc.constant('User'), display: fc.constant('x') }, { requiredKeys: ['value'] }))
  const operation = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'Remove'), path: fc.constantFrom('members', 'MEMBERS'), value: fc.array(member) }),
    fc.record({ op: fc.constantFrom('add', 'remove'), path: fc.constant('members'), value: member }),
    fc.record({ op: fc.constant('remove'), path: id.map((each) => `members[value eq "${each}"]`) }),
    fc.record({ op: fc.constant('Add'), value: fc.record({ members: fc.array(member) }) }),
    fc.record({ op: fc.constantFrom('replace', 'remove'), path: fc.constant('members') }),
    fc.record({ op: fc.constant('replace'), path: fc.constant('displayName'), value: fc.constantFrom('new', '') }),
  )
  fc.assert(
    fc.property(fc.subarray(['a', 'b', 'c']), fc.array(operation, { minLength: 1, maxLength: 5 }), (before, operations) => {
      const group = { displayName: 'devs', members: before.map((value) => ({ value })) }
      const apply = <T>(work: () => T): T | string => {
        try {
          return work()
        } catch (error) {
          if (error instanceof ScimError) return error.scimType ?? ''
          throw error
        }
      }
      const whole = apply(() => new Set(valuesOf(applyPatch(groupSchema, group, readPatch(patchOf(...operations))))))
      const short = apply(() => {
        const after = membersAfter(readPatch(patchOf(...operations)))
        if (after === null) return null
        applyPatch(groupSchema, { displayName: 'devs' }, after.others)
        return new Set([...before, ...after.added].filter((each) => !after.removed.includes(each)))
      })
      if (short !== null) expect(short).toEqual(whole)
    }),
    { numRuns: 1_000 },
  )
})
