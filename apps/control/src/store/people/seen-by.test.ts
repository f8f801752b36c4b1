import { type Role, roles } from '@standin/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../database.ts'
import { EnvironmentQueries } from '../environment-queries.ts'
import { Environments } from '../environments.ts'
import { EventLog } from '../events.ts'
import { Accesses } from './accesses.ts'
import { Roles } from './roles.ts'
import { environmentSeenBy } from './seen-by.ts'
import { roleOn, type UserAccess } from './user-access.ts'
import { Users } from './users.ts'

const because = { actor: 'test', message: 'test' }
const blank = { kind: 'attachment', provider: 'attach', template: null, owner: 'x', desired: 'running', stack: null } as const

describe('lists of environments', () => {
  it('hold what one by one is seen, in full pages, whatever the roles', async () => {
    const project = fc.constantFrom('a', 'b', 'c', '')
    const role = fc.constantFrom(...roles)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ project: fc.option(project), mine: fc.boolean() }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.tuple(project, role), { maxLength: 3 }),
        fc.integer({ min: 1, max: 7 }),
        async (made, granted, limit) => {
          const db = await openDatabase(':memory:')
          const now = () => 1_000_000
          const events = new EventLog(db, now, { onFault: () => {} })
          const accesses = new Accesses(db)
          const [environments, queries] = [new Environments(db, events, now), new EnvironmentQueries(db)]
          const user = new Users(db, events, accesses, now).insert({ userName: 'ann' }, 'test')
          const held = new Roles(db, events, accesses, now)
          for (const [where, what] of granted) held.grant({ user: user.id, group: null }, where === '' ? null : where, what as Role, 'test')
          const records = made.map(({ project: where, mine }) => {
            const rest = { name: null, namePrefix: 'e', hosts: [], source: { kind: 'attachment' as const, services: [] } }
            const labels = where === null ? {} : { project: where }
            const times = { suspendAfterMs: null, expiresAt: null }
            return environments.insert({ ...blank, ...rest, ...times, labels, ownerId: mine ? user.id : null }, because)
          })
          const access = accesses.of(user.id) as UserAccess
          const seen = records.filter((record) => roleOn(access, record) !== null).map(({ id }) => id)
          const listed: number[] = []
          for (let cursor: string | undefined; ; ) {
            const page = queries.list({ limit, cursor, seenBy: access })
            listed.push(...page.items.map(({ id }) => id))
            if (page.nextCursor === null) break
            expect(page.items).toHaveLength(limit)
            cursor = page.nextCursor
          }
          expect(listed).toEqual(seen.toReversed())
          const walked = db.all(db.query.selectFrom('environments').select('id').where(environmentSeenBy(access, 'walk')).orderBy('id'))
          expect(walked.map(({ id }) => id)).toEqual(seen)
          db.close()
        },
      ),
      { numRuns: 40 },
    )
  })
})
