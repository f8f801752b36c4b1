import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { StandinClient } from '@standin/client/connect'
import { TalkingProcess } from '@standin/testing'
import { afterEach, expect, it } from 'vitest'
import { groupUrn, userUrn } from './schema/resource-schemas.ts'
import { patchOf, ScimClient } from './testing/scim-client.ts'

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
const program = resolve(import.meta.dirname, 'fixtures/scim-control.ts')
const home = mkdtempSync(join(tmpdir(), 'standin-scim-'))
let running: TalkingProcess | undefined
afterEach(async () => {
  await running?.kill()
  rmSync(home, { recursive: true, force: true })
})

/** What the directory is to have told in the end. */
interface Person {
  readonly userName: string
  title: string
  active: boolean
  inGroup: boolean
}

it(`makes nobody twice and loses nothing where control is killed ${rounds} times while a directory provisions`, {
  timeout: 300_000,
}, async () => {
  let place = { url: '', token: '' }
  const start = async () => {
    running = new TalkingProcess(program, [home], (line) => {
      place = JSON.parse(line)
    })
    await running.printed(1)
  }
  /** A directory that gets no answer does all of it again. */
  const provision = async (person: Person): Promise<void> => {
    const scim = new ScimClient(place.url, place.token)
    const [found] = await scim.find('Users', `userName eq "${person.userName}"`)
    const body = {
      schemas: [userUrn],
      userName: person.userName,
      externalId: `x-${person.userName}`,
      title: person.title,
      active: person.active,
    }
    const answer = found === undefined ? await scim.post('/Users', body) : await scim.put(`/Users/${found.id}`, { ...found, ...body })
    expect([200, 201]).toContain(answer.status)
    const [group] = await scim.find('Groups', 'displayName eq "devs"')
    const devs = group ?? (await scim.post('/Groups', { schemas: [groupUrn], displayName: 'devs', externalId: 'devs' })).body
    const change = person.inGroup
      ? { op: 'add', path: 'members', value: [{ value: answer.body.id }] }
      : { op: 'remove', path: `members[value eq "${answer.body.id}"]` }
    expect((await scim.patch(`/Groups/${devs.id}`, patchOf(change))).status).toBe(204)
  }
  const people: Person[] = []
  const unsure = new Set<Person>()
  const random = (below: number) => Math.floor(Math.random() * below)
  const step = async () => {
    const old = people.length > 0 && random(3) === 0 ? people[random(people.length)] : undefined
    const person = old ?? { userName: `p${people.length}`, title: '', active: true, inGroup: true }
    if (old === undefined) people.push(person)
    Object.assign(person, { title: `t${random(1000)}`, active: random(3) > 0, inGroup: random(2) === 0 })
    unsure.add(person)
    await provision(person)
    unsure.delete(person)
  }

  for (let round = 0; round < rounds; round++) {
    await start()
    for (const person of unsure) await provision(person)
    unsure.clear()
    const before = people.length
    const work = (async () => {
      for (;;) await step()
    })()
    const ended = work.catch((error: unknown) => error)
    while (people.length < before + 4 + random(6)) await pause(5)
    await pause(Math.random() * 20)
    await running?.kill()
    // What was cut off is no answer at all, never a wrong one.
    expect(await ended).toMatchObject({ name: 'TypeError' })
  }

  await start()
  for (const person of unsure) await provision(person)
  const scim = new ScimClient(place.url, place.token)
  const { body } = await scim.get('/Users?count=1000&sortBy=userName')
  const [group] = await scim.find('Groups', 'displayName eq "devs"')
  const members = new Set((group.members ?? []).map(({ value }: { value: string }) => value))
  const told = body.Resources.map(({ id, userName, title, active }: { id: string } & Person) => ({
    userName,
    title,
    active,
    inGroup: members.has(id),
  }))
  expect(told).toEqual(people.toSorted((a, b) => (a.userName < b.userName ? -1 : 1)))
  expect(body.totalResults).toBe(people.length)
  const { total } = await new StandinClient(place).users.list({ limit: 1 })
  expect(total).toBe(people.length)
})
