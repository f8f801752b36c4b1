import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event } from '@standin/client'
import { eventually } from '@standin/testing'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEndpoints } from './read-endpoints.ts'
import { webhookPlugin } from './webhook-plugin.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let dir: string
let servers: Server[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-webhook-'))
  writeFileSync(join(dir, 'secret'), `${secret}\n`, { mode: 0o600 })
  servers = []
})
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(dir, { recursive: true, force: true })
})

/** Somebody who is told. @param status what it answers next; null: nothing at all */
const receiver = async (answer: { status: number | null; headers?: Record<string, string> } = { status: 204 }) => {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      if (answer.status !== null) response.writeHead(answer.status, answer.headers).end('thanks')
    })
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/t0ken`,
    received,
    answer,
    events: () => received.map(({ body }) => (JSON.parse(body) as { data: Event }).data),
  }
}
const boot = (endpoints: object[], more: object = {}) =>
  bootPlugin(
    webhookPlugin,
    { endpoints: endpoints.map((each) => ('secretVariable' in each ? each : { secretFile: join(dir, 'secret'), ...each })), ...more },
    { at: new Date().toISOString() },
  )
const notify = (booted: BootedPlugin, kind: string, environment?: number) =>
  booted.client.events.notify({ kind, message: kind, ...(environment === undefined ? {} : { environment }) }).then(({ seq }) => seq)
const listed = async (booted: BootedPlugin) =>
  ((await (await booted.fetch('/endpoints')).json()) as { items: Record<string, unknown>[] }).items

describe('webhook', { timeout: 60_000 }, () => {
  it('posts events in order, signed so that another implementation of Standard Webhooks accepts them', async () => {
    const chat = await receiver()
    await using booted = await boot([{ name: 'chat', url: chat.url, events: ['notice'] }])
    const seqs = [await notify(booted, 'one'), await notify(booted, 'two'), await notify(booted, 'three')]
    await eventually(() => (chat.received.length === 3 ? true : undefined))
    expect(chat.events().map(({ seq }) => seq)).toEqual(seqs)
    const [first] = chat.received as [Received]
    const verified = new Webhook(secret).verify(first.body, first.headers as Record<string, string>)
    expect(verified).toMatchObject({ type: 'notice', data: { seq: seqs[0], data: { kind: 'one' } } })
    expect(first.headers).toMatchObject({ 'webhook-id': `event_${seqs[0]}`, 'content-type': 'application/json' })
    expect(() => new Webhook(secret).verify(`${first.body} `, first.headers as Record<string, string>)).toThrow()
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(first.body, first.headers as Record<string, string>),
    ).toThrow()
  })

  it('tells each endpoint what it chose: types, kinds of notices, projects', async () => {
    const [states, suspensions, shops] = [await receiver(), await receiver(), await receiver()]
    await using booted = await boot([
      { name: 'states', url: states.url, events: ['environment.state'] },
      { name: 'suspensions', url: suspensions.url, events: ['notice'], kinds: ['suspend.*'] },
      { name: 'shops', url: shops.url, events: ['notice'], projects: ['shop'] },
    ])
    const [shop, other] = [await booted.clone('a', { project: 'shop' }), await booted.clone('b', { project: 'bank' })]
    for (const [kind, id] of [
      ['suspend.announced', shop.id],
      ['suspended', other.id],
      ['usage.quota', shop.id],
    ] as const)
      await notify(booted, kind, id)
    await notify(booted, 'nobody')
    // Each is told on its own.
    const isTold = () => shops.received.length === 2 && suspensions.received.length === 1 && states.received.length > 0
    await eventually(() => (isTold() ? true : undefined))
    expect(shops.events().map(({ data }) => data.kind)).toEqual(['suspend.announced', 'usage.quota'])
    expect(suspensions.events().map(({ data }) => data.kind)).toEqual(['suspend.announced'])
    expect(new Set(states.events().map(({ type }) => type))).toEqual(new Set(['environment.state']))
  })

  it('tries again until it is taken, across a restart, with the same id; a dead endpoint holds up nobody else', async () => {
    const [dead, alive] = [await receiver({ status: 500 }), await receiver()]
    await using booted = await boot([
      { name: 'dead', url: dead.url, events: ['notice'] },
      { name: 'alive', url: alive.url, events: ['notice'] },
    ])
    const seqs = [await notify(booted, 'one'), await notify(booted, 'two')]
    await eventually(() => (alive.received.length === 2 && dead.received.length === 1 ? true : undefined))
    // What came there was not yet heard of here.
    await expect.poll(() => booted.plugin).toMatchObject({ health: 'degraded', message: 'dead: it answered 500' })
    await expect
      .poll(() => listed(booted))
      .toMatchObject([
        { name: 'dead', origin: new URL(dead.url).origin, waiting: 2 },
        { name: 'alive', waiting: 0 },
      ])
    expect(JSON.stringify([await listed(booted), booted.plugin, booted.logs])).not.toMatch(/t0ken|whsec_|BwcHBw/)
    await booted.restart()
    await eventually(() => (dead.received.length === 2 ? true : undefined))
    dead.answer.status = 200
    // The clock may be moved before the answer is there from which it waits.
    await eventually(async () => {
      await booted.advance('10s')
      return dead.received.length === 4 ? true : undefined
    })
    expect(dead.events().map(({ seq }) => seq)).toEqual([seqs[0], seqs[0], ...seqs])
    expect(new Set(dead.received.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(alive.received).toHaveLength(2)
    await eventually(() => (booted.plugin.health === 'ok' ? true : undefined))
  })

  it('gives up after a while, which is recorded, and goes on with what comes after', async () => {
    const dead = await receiver({ status: 503 })
    await using booted = await boot([{ name: 'dead', url: dead.url, events: ['notice'] }], { giveUpAfter: '1h' })
    const lost = await notify(booted, 'lost')
    await eventually(() => (dead.received.length > 0 ? true : undefined))
    const [given] = await eventually(async () => {
      await booted.advance('10m')
      const [item] = await listed(booted)
      const givenUp = (item?.givenUp ?? []) as unknown[]
      return givenUp.length > 0 ? givenUp : undefined
    }, 30_000)
    expect(given).toMatchObject({ seq: lost, type: 'notice', why: 'it answered 503' })
    dead.answer.status = 200
    const kept = await notify(booted, 'kept')
    await eventually(() => (dead.events().at(-1)?.seq === kept ? true : undefined))
  })

  it.each([
    ['follows nobody elsewhere', { status: 307 }, {}, 'it answered 307, and redirects are not followed'],
    ['waits for nobody too long', { status: null }, { timeout: '100ms' }, 'no answer within 100 ms'],
  ])('%s', async (_, answer, more, message) => {
    const target = await receiver()
    const chat = await receiver({ ...answer, headers: { location: target.url } })
    await using booted = await boot([{ name: 'chat', url: chat.url, events: ['notice'] }], more)
    await notify(booted, 'one')
    expect(await eventually(() => booted.plugin.message ?? undefined)).toBe(`chat: ${message}`)
    expect(target.received).toEqual([])
  })

  it.each([
    [
      'a file that others can read',
      () => writeFileSync(join(dir, 'open'), secret, { mode: 0o644 }),
      { secretFile: 'open' },
      'can be read by others: chmod 600 ',
    ],
    ['a file that is not there', () => {}, { secretFile: 'none' }, 'the secret of the endpoint chat can not be read from'],
    [
      'a secret that is too short',
      () => writeFileSync(join(dir, 'short'), 'whsec_AAAA', { mode: 0o600 }),
      { secretFile: 'short' },
      'finds no secret in',
    ],
    ['a variable that is not set', () => {}, { secretVariable: 'STANDIN_NO_SUCH_SECRET' }, 'which is not set'],
  ])(
    'refuses %s, and does not say what is in it',
    async (_, prepare, { secretFile, secretVariable }: { secretFile?: string; secretVariable?: string }, message) => {
      prepare()
      const from = secretFile === undefined ? { secretVariable } : { secretFile: join(dir, secretFile) }
      await using booted = await boot([{ name: 'chat', url: 'http://127.0.0.1:9/', ...from }])
      expect(booted.plugin).toMatchObject({ state: 'waiting', message: expect.stringContaining(message) })
      expect(JSON.stringify(booted.logs)).not.toContain('whsec_AAAA')
    },
  )

  it('tells all that is wrong with endpoints at once, each at its key, and shows no URL', async () => {
    writeFileSync(join(dir, 'secret'), secret, { mode: 0o600 })
    const secretFile = join(dir, 'secret')
    const configs = [
      { name: 'chat', url: 'https://[hooks.example/T0/B0/hunter2', secretFile },
      { name: 'chat', url: 'https://ada:hunter2@hooks.example/', secretFile },
      { name: 'mail', url: 'https://hooks.example/', secretVariable: 'STANDIN_NO_SUCH_SECRET' },
    ]
    const error = await readEndpoints(configs).catch((each) => each)
    expect(error.errors).toEqual([
      { path: '/endpoints/0/url', message: 'the endpoint chat has a url that is none' },
      { path: '/endpoints/1/name', message: 'two endpoints are called chat: give each a name of its own' },
      { path: '/endpoints/1/url', message: 'the endpoint chat has a name or password in its url, with which nothing can be posted' },
      { path: '/endpoints/2/secretVariable', message: 'the endpoint mail needs the variable STANDIN_NO_SUCH_SECRET, which is not set' },
    ])
    expect(error.message).not.toContain('hunter2')
  })
})
