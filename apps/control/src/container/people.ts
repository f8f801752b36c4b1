import { Authority } from '../access/authority.ts'
import { Accesses } from '../store/people/accesses.ts'
import { Groups } from '../store/people/groups.ts'
import { Ownership } from '../store/people/ownership.ts'
import { Roles } from '../store/people/roles.ts'
import { UserChanges } from '../store/people/user-changes.ts'
import { Users } from '../store/people/users.ts'
import { Tokens as TokenStore } from '../store/tokens.ts'
import type { Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** Who there is, and who may do what. */
export function providePeople(provide: Provide, { opened: { database }, now }: Ground): void {
  provide(Tokens.accesses, () => new Accesses(database))
  provide(Tokens.users, (get) => new Users(database, get(Tokens.events), get(Tokens.accesses), now))
  provide(Tokens.groups, (get) => new Groups(database, get(Tokens.events), get(Tokens.users), get(Tokens.accesses), now))
  provide(Tokens.roles, (get) => new Roles(database, get(Tokens.events), get(Tokens.accesses), now))
  provide(Tokens.tokens, (get) => new TokenStore(database, get(Tokens.events), get(Tokens.accesses), now))

  provide(Tokens.ownership, (get) => new Ownership(database, get(Tokens.environments), now))
  provide(Tokens.userChanges, (get) => {
    const [users, groups, roles] = [get(Tokens.users), get(Tokens.groups), get(Tokens.roles)]
    const [tokens, environments, accesses] = [get(Tokens.tokens), get(Tokens.environments), get(Tokens.accesses)]
    const ownership = get(Tokens.ownership)
    return new UserChanges({ db: database, users, groups, roles, tokens, environments, ownership, accesses, now })
  })
  provide(Tokens.authority, (get) => {
    const [queries, templates, accesses, tokens] = [get(Tokens.queries), get(Tokens.templates), get(Tokens.accesses), get(Tokens.tokens)]
    return new Authority({ queries, templates, accesses, tokens })
  })
}
