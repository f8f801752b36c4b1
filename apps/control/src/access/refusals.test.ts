import { expect, it } from 'vitest'
import type { UserAccess } from '../store/people/user-access.ts'
import { lacksRole } from './refusals.ts'

it('writes names into a command so that a shell takes each for one word', () => {
  const user = { userName: "o'neil", everywhere: null, roles: new Map() } as unknown as UserAccess
  expect(lacksRole(user, 'changing environment shop-1 (1001)', 'editor', 'our shop').hint).toBe(
    `A manager of the project can \`standin role grant 'o'\\''neil' editor --project 'our shop'\``,
  )
})
