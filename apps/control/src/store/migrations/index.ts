import type { Migration } from 'kysely/migration'
import { initial } from './001-initial.ts'
import { aliasesAndFaults } from './002-aliases-and-faults.ts'
import { activityCause } from './003-activity-cause.ts'
import { plugins } from './004-plugins.ts'
import { storage } from './005-storage.ts'
import { people } from './006-people.ts'
import { changesOfPeople } from './007-changes-of-people.ts'

/** In order of their names. A migration that has shipped is never changed; a new one is added below. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-initial': initial,
  '002-aliases-and-faults': aliasesAndFaults,
  '003-activity-cause': activityCause,
  '004-plugins': plugins,
  '005-storage': storage,
  '006-people': people,
  '007-changes-of-people': changesOfPeople,
}
