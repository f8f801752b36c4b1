import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { OktaSimulator } from '../sources/okta/fixtures/okta-simulator.ts'

const rounds = Number(process.env.STANDIN_KILLS ?? 3)
const program = resolve(import.meta.dirname, 'fixtures/provisioned-control.ts')
const folder = mkdtempSync(join(tmpdir(), 'standin-provisioned-'))
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  readonly is: 'up' | 'begun' | 'done'
  readonly at: number
  readonly users: readonly { userName: string; active: boolean; externalId: string | null }[]
  readonly groups: readonly { displayName: string; members: string[] }[]
  readonly environments: readonly { id: number; owner: string }[]
  readonly health: string | null
}

it(`has everybody once, and every environment with somebody who is there, where control is killed ${rounds} times while it provisions`, {
  timeout: 300_000,
}, async () => {
  await using okta = new OktaSimulator()
  const site = await okta.start()
  const [home, tokenFile] = [join(folder, 'home'), join(folder, 'token')]
  mkdirSync(home)
  writeFileSync(tokenFile, okta.token, { mode: 0o600 })
  const source = { id: 'okta', site, tokenFile, schedule: '* * * * *', mostDeactivations: '100%', groups: {} }
  const config = JSON.stringify({ sources: { okta: [source] } })
  const random = (below: number) => Math.floor(Math.random() * below)
  const chief = okta.add('chief@example.com')
  const testers = { id: '00gtesters', type: 'OKTA_GROUP', name: 'Testers', members: new Set<string>() } as const
  okta.groups.push(testers)

  /** Some come, some go, some are renamed, some change groups. */
  const happen = () => {
    okta.refill()
    for (let count = 0; count < 20; count++) okta.add(`p${okta.users.length}@example.com`, { managerId: chief.id })
    const here = okta.users.filter(({ status, id }) => status !== 'DEPROVISIONED' && id !== chief.id)
    for (let count = 0; count < 8; count++) {
      const one = here[random(here.length)]
      if (one !== undefined) one.status = ['DEPROVISIONED', 'SUSPENDED', 'ACTIVE'][random(3)] ?? ''
      const other = here[random(here.length)]
      const name = `${other?.profile.login}`.replace('@', 'x@')
      if (other !== undefined) other.profile = { ...other.profile, login: name, email: name }
    }
    for (const { id } of here) if (random(3) === 0) testers.members.has(id) ? testers.members.delete(id) : testers.members.add(id)
  }

  let at = Date.parse('2026-03-02T09:00:00.000Z')
  const begin = () => {
    const begun = spawn(process.execPath, [program, home, new Date(at).toISOString(), config], { stdio: ['pipe', 'pipe', 'inherit'] })
    child = begun
    const lines = createInterface({ input: begun.stdout })[Symbol.asyncIterator]()
    const told = async (): Promise<Told> => {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('it ended by itself')
      return JSON.parse(value) as Told
    }
    return { begun, told, tick: () => begun.stdin.write('\n') }
  }
  const kept = new Set<number>()
  let cut = 0
  for (let round = 0; round < rounds; round++) {
    const { begun, told, tick } = begin()
    await told()
    // In peace, so that somebody has environments to lose.
    happen()
    tick()
    at = (await told()).at
    for (const { id } of (await told()).environments) kept.add(id)
    happen()
    tick()
    at = (await told()).at
    const seen = okta.requests.length
    await expect.poll(() => okta.requests.length > seen, { timeout: 20_000, interval: 1 }).toBe(true)
    await pause(random(250))
    if (begun.exitCode === null) cut += 1
    const ended = once(begun, 'exit')
    begun.kill('SIGKILL')
    await ended
  }
  expect(cut).toBe(rounds)

  const { begun, told, tick } = begin()
  await told()
  okta.refill()
  tick()
  await told()
  const end = await told()
  begun.stdin.end()
  if (begun.exitCode === null) await once(begun, 'exit')

  expect([okta.faults, end.health]).toEqual([[], null])
  const here = okta.users.filter(({ status }) => status === 'ACTIVE')
  const login = (user: { profile: Record<string, unknown> }) => String(user.profile.login)
  expect(
    end.users
      .filter(({ active }) => active)
      .map(({ userName }) => userName)
      .sort(),
  ).toEqual(here.map(login).sort())
  expect(new Set(end.users.map(({ externalId }) => externalId)).size).toBe(end.users.length)
  // Who is suspended keeps the name that they had here.
  const names = new Map(end.users.map(({ externalId, userName }) => [externalId, userName]))
  const wanted = okta.users.filter(({ id, status }) => testers.members.has(id) && status !== 'DEPROVISIONED')
  expect(end.groups).toEqual([{ displayName: 'Testers', members: wanted.flatMap(({ id }) => names.get(id) ?? []).sort() }])
  const ids = end.environments.map(({ id }) => id)
  expect([...kept].filter((id) => !ids.includes(id))).toEqual([])
  const owners = new Set(here.map(login))
  const unowned = end.environments.filter(({ owner }) => !owners.has(owner))
  // What was just made as it was killed was nobody's yet but its maker's: one a kill at most.
  expect(unowned.filter(({ owner }) => owner !== 'admin')).toEqual([])
  expect(unowned.length).toBeLessThanOrEqual(rounds)
})
