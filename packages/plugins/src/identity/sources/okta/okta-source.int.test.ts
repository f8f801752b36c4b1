import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SourceFailure } from '../directory.ts'
import { checkOkta } from './check-okta.ts'
import { OktaSimulator } from './fixtures/okta-simulator.ts'
import { OktaConfig } from './okta-config.ts'
import { OktaSource } from './okta-source.ts'

const { signal } = new AbortController()
let okta: OktaSimulator
let folder: string
let site: string
let slept: number[]

beforeEach(async () => {
  okta = new OktaSimulator()
  slept = []
  folder = mkdtempSync(join(tmpdir(), 'standin-okta-'))
  writeFileSync(join(folder, 'token'), `${okta.token}\n`, { mode: 0o600 })
  site = await okta.start()
})
afterEach(async () => {
  expect(okta.faults).toEqual([])
  await okta[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const configOf = (more: object = {}) =>
  Value.Decode(OktaConfig, Value.Default(OktaConfig, { id: 'okta', site, tokenFile: join(folder, 'token'), ...more }))
const source = (more: object = {}) =>
  new OktaSource(configOf(more), async (ms) => {
    slept.push(ms)
    okta.refill()
  })
const failure = async (more: object = {}): Promise<string> => {
  const error = await source(more)
    .read(signal)
    .then(
      () => new Error('it was read'),
      (cause: unknown) => cause,
    )
  expect(error).toBeInstanceOf(SourceFailure)
  return (error as Error).message.replaceAll(site, 'SITE').replaceAll(folder, 'FOLDER')
}

describe('Okta', () => {
  it('is read page by page, with groups and who is in them', async () => {
    for (let n = 0; n < 450; n++) okta.add(`p${n}@example.com`)
    const everybody = okta.users.map(({ id }) => id)
    okta.groups.push(
      { id: '00g1', type: 'OKTA_GROUP', name: 'Testers', members: new Set(everybody.slice(0, 401)) },
      { id: '00g2', type: 'OKTA_GROUP', name: 'Nobody', members: new Set() },
      { id: '00g3', type: 'BUILT_IN', name: 'Everyone', members: new Set(everybody) },
    )
    const { people, groups } = await source({ groups: {} }).read(signal)
    expect(people.map(({ userName }) => userName)).toEqual(Array.from({ length: 450 }, (_, n) => `p${n}@example.com`))
    expect(groups?.map(({ displayName, members }) => [displayName, members.size])).toEqual([
      ['Testers', 401],
      ['Nobody', 0],
    ])
    expect((await source().read(signal)).groups).toBeNull()
  })

  it('says who works here by their states', async () => {
    const states = ['ACTIVE', 'PROVISIONED', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'STAGED', 'SUSPENDED', 'DEPROVISIONED', 'ODD']
    for (const state of states) okta.add(`${state.toLowerCase()}@example.com`, {}, state)
    const { people, unusable } = await source().read(signal)
    expect(people.filter(({ active }) => active).map(({ userName }) => userName.split('@')[0]?.toUpperCase())).toEqual(states.slice(0, 5))
    expect(people.filter(({ active }) => !active).map(({ userName }) => userName)).toHaveLength(2)
    expect(unusable.map(({ message }) => message)).toEqual([
      'odd@example.com has the state ODD, which nobody here knows: they stay as they were',
    ])
  })

  it('names people and managers by their profile: an id, a login or an e-mail address', async () => {
    const chief = okta.add('chief@example.com', { displayName: 'The Chief', employee: 'c1' })
    okta.add('a@example.com', { managerId: chief.id, employee: 'a1', firstName: 'Ann', lastName: 'Other' })
    okta.add('b@example.com', { managerId: 'CHIEF@example.com', employee: 'b1' })
    okta.add('c@example.com', { managerId: 'unheard of', employee: 'c2' })
    const { people } = await source({ profile: { userName: 'employee' } }).read(signal)
    expect(people.map(({ userName }) => userName)).toEqual(['c1', 'a1', 'b1', 'c2'])
    expect(people.map(({ displayName }) => displayName).slice(0, 2)).toEqual(['The Chief', 'Ann Other'])
    expect(people.map(({ manager }) => manager)).toEqual([undefined, chief.id, chief.id, undefined])
  })

  it('is asked for some people only, where that is wished', async () => {
    okta.add('a@example.com', { department: 'Engineering' })
    okta.add('b@example.com', { department: 'Sales' })
    const { people } = await source({ search: 'profile.department eq "Engineering"' }).read(signal)
    expect(people.map(({ userName }) => userName)).toEqual(['a@example.com'])
    expect(await failure({ search: 'profile.department eq "Nobody"' })).toBe('okta: SITE has nobody: look at `search`')
  })

  it('waits for the next window when nothing is left of this one, before and after 429', async () => {
    for (let n = 0; n < 1_000; n++) okta.add(`p${n}@example.com`)
    okta.limit = okta.remaining = 2
    expect((await source().read(signal)).people).toHaveLength(1_000)
    expect(slept).toEqual([31_000, 31_000])
    okta.upset(/users\?/, { status: 429, headers: { 'x-rate-limit-remaining': '0' } })
    okta.refill()
    slept.length = 0
    expect((await source().read(signal)).people).toHaveLength(1_000)
    expect(slept[0]).toBe(31_000)
  })

  it('is not waited for without end', async () => {
    okta.add('a@example.com')
    okta.resetIn = 3_600
    okta.upset(/users/, { status: 429, headers: { 'x-rate-limit-remaining': '0' } })
    expect(await failure()).toBe('okta: SITE allows no more requests for 3601 s (rate limit): read it at another time')
    okta.resetIn = 5
    okta.upset(/users/, ...Array.from({ length: 40 }, () => ({ status: 429 })))
    expect(await failure()).toMatch(/rate limit/)
    expect(slept.length).toBeLessThanOrEqual(30)
  })

  it('has nothing where a page of it can not be read, and says why', async () => {
    for (let n = 0; n < 300; n++) okta.add(`p${n}@example.com`)
    const second = /users\?.*after=/
    const summary = (errorCode: string, errorSummary: string) => JSON.stringify({ errorCode, errorSummary, errorCauses: [] })
    for (const [misfortune, message] of [
      ['cut in the middle', /^okta: SITE: \/api\/v1\/users can not be read: /],
      ['no JSON', /^okta: SITE: \/api\/v1\/users is answered with something else than JSON$/],
      [{ status: 200, body: '{}' }, /something else than a list$/],
      [{ status: 200, body: '[null]' }, /\/api\/v1\/users has an entry that is no user$/],
      [{ status: 200, body: '[{"id":"00u1","status":"ACTIVE"}]' }, /\/api\/v1\/users has an entry that is no user$/],
      [{ status: 401, body: summary('E0000011', 'Invalid token provided') }, /^okta: SITE refuses the API token: look at FOLDER\/token$/],
      [
        { status: 403, body: summary('E0000006', 'You do not have permission') },
        /may not read \/api\/v1\/users: a read-only administrator may$/,
      ],
      [{ status: 404, body: summary('E0000007', 'Not found') }, /answered with 404: Not found \(E0000007\)$/],
      [{ status: 500, body: summary('E0000009', 'Internal Server Error') }, /answered with 500: Internal Server Error \(E0000009\)$/],
      [{ status: 503, body: '<html>' }, /answered with 503$/],
      [{ status: 302, headers: { location: 'http://127.0.0.2:1/' } }, /can not be read: /],
      ['another site', /the next page of \/api\/v1\/users is at another site$/],
      ['in circles', /the pages of \/api\/v1\/users lead in circles$/],
    ] as const) {
      okta.upset(second, misfortune)
      expect(await failure()).toMatch(message)
    }
  })

  it('refuses a token that is wrong, can be read by others, or is missing', async () => {
    okta.add('a@example.com')
    writeFileSync(join(folder, 'wrong'), 'guess', { mode: 0o600 })
    writeFileSync(join(folder, 'open'), okta.token, { mode: 0o644 })
    expect(await failure({ tokenFile: join(folder, 'wrong') })).toBe('okta: SITE refuses the API token: look at FOLDER/wrong')
    expect(await failure({ tokenFile: join(folder, 'open') })).toMatch(/can be read by others: chmod 600 FOLDER\/open$/)
    expect(await failure({ tokenFile: join(folder, 'none') })).toMatch(/ENOENT$/)
  })

  it('is at an address that keeps the token to itself', () => {
    const faults = (text: string) => checkOkta(configOf({ site: text })).map(({ path }) => path)
    expect(['https://example.okta.com', 'http://127.0.0.1:99'].map(faults)).toEqual([[], []])
    for (const wrong of ['http://example.okta.com', 'https://example.okta.com/', 'https://a:b@example.okta.com', 'okta']) {
      expect(faults(wrong)).toEqual(['/site'])
    }
    expect(checkOkta(configOf({ tokenFile: 'token' }))).toMatchObject([{ path: '/tokenFile' }])
  })
})
