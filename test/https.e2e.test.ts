import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const domain = 'test-envs.localhost'
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

let directory: string
let stop: () => Promise<void>
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'standin-https-'))
  const upstream = createServer((req, res) => {
    res.setHeader('content-type', 'text/html')
    res.end(`<p>${req.headers.host} over ${req.headers['x-forwarded-proto']}, ${req.headers.via?.split(' ')[0]}`)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const endpoints = [`127.0.0.1:${(upstream.address() as AddressInfo).port}`]
  const routes = { domain, routes: [`www-1001.${domain}`, `web.1001.${domain}`].map((host) => ({ host, endpoints })) }
  await writeFile(join(directory, 'routes.json'), JSON.stringify(routes))
  await mkdir(join(directory, 'user'))
  const gateway = spawn(
    process.execPath,
    [
      ...[join(root, 'apps/gateway/src/main.ts'), '--home', join(directory, 'home'), '--routes', join(directory, 'routes.json')],
      ...['--http', 'off', '--https', '127.0.0.1:0'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const [line] = (await once(gateway.stdout, 'data')) as [Buffer]
  port = Number(new URL(JSON.parse(line.toString()).https).port)
  stop = async () => {
    const ended = once(gateway, 'exit')
    gateway.kill()
    await ended
    upstream.closeAllConnections()
    await new Promise((done) => upstream.close(done))
  }
}, 60_000)

afterAll(async () => {
  await stop?.()
  await rm(directory, { recursive: true, force: true })
}, 60_000)

const standin = (...words: string[]) =>
  promisify(execFile)(join(root, 'bin/standin'), [...words, '--home', join(directory, 'home')], {
    env: { PATH: process.env.PATH ?? '', HOME: join(directory, 'user'), NO_COLOR: '1' },
  })

/** What a browser of this user makes of a page; empty where it refuses to go there. */
const browse = async (host: string) => {
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--no-proxy-server',
    '--disable-background-networking',
    '--disable-component-update',
    `--user-data-dir=${join(directory, 'user', 'profile')}`,
  ]
  const { stdout } = await promisify(execFile)(chromium ?? '', [...flags, '--dump-dom', `https://${host}:${port}/`], {
    env: { PATH: process.env.PATH ?? '', HOME: join(directory, 'user') },
    timeout: 60_000,
  })
  return /<p>(.*?)<\/p>/s.exec(stdout)?.[1] ?? ''
}

describe.skipIf(chromium === undefined)('HTTPS in a browser', { timeout: 300_000 }, () => {
  it('works after `standin trust`, over HTTP/2, for every name that leads somewhere, and not after `--remove`', async () => {
    expect(await browse(`www-1001.${domain}`)).toBe('')
    await standin('trust')
    for (const host of [`www-1001.${domain}`, `web.1001.${domain}`]) {
      expect(await browse(host)).toBe(`${host}:${port} over https, 2.0`)
    }
    await standin('trust', '--remove')
    expect(await browse(`www-1001.${domain}`)).toBe('')
  })
})
