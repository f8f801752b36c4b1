// `pnpm demo`: the main job from end to end with the commands that a person would type, and how long each took.
// `pnpm demo --once` ends by itself; without it the platform runs until Ctrl-C. Either way nothing stays behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const root = resolve(import.meta.dirname, '..')
const standin = join(root, 'bin/standin')
const once = process.argv.includes('--once')
const home = mkdtempSync(join(tmpdir(), 'standin-demo-'))
const env: NodeJS.ProcessEnv = { ...process.env, STANDIN_HOME: home, STANDIN_URL: undefined, STANDIN_TOKEN: undefined }
const bold = (text: string) => (process.stdout.isTTY && process.env.NO_COLOR === undefined ? `\x1b[1m${text}\x1b[0m` : text)

interface Environment {
  id: number
  name: string
  state: string
  services: { name: string; url: string; hostname: string }[]
}

const took: { what: string; ms: number }[] = []
let platform: ChildProcess | undefined
let leaving = false

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  console.log(`\n${bold(what)}`)
  const started = performance.now()
  const result = await work()
  took.push({ what, ms: performance.now() - started })
  return result
}

/** Types a command; progress goes to the terminal, the JSON answer comes back. */
function type<T>(...words: string[]): Promise<T> {
  console.log(`  $ standin ${words.join(' ')}`)
  return new Promise((done, fail) => {
    const child = spawn(standin, [...words, '--json'], { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk
    })
    child.on('error', fail)
    child.on('close', (code) => {
      if (code !== 0) fail(new Error(`standin ${words.join(' ')} ended with ${code}`))
      else done((text.trim() === '' ? null : JSON.parse(text)) as T)
    })
  })
}

function expect(truth: boolean, claim: string): void {
  if (!truth) throw new Error(`it should be that ${claim}`)
  console.log(`  ✓ ${claim}`)
}

/** A request to a clone by its own name; sent to the gateway's address so that no resolver of this machine is needed. */
function ask(url: string, options: { method?: string; body?: string } = {}): Promise<{ status: number; body: string }> {
  const target = new URL(url)
  return new Promise((done, fail) => {
    const call = request(
      { host: '127.0.0.1', port: target.port, path: target.pathname, method: options.method ?? 'GET', headers: { host: target.host } },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk
        })
        response.on('end', () => done({ status: response.statusCode ?? 0, body }))
        response.on('error', fail)
      },
    )
    call.on('error', fail)
    call.end(options.body)
  })
}

const serviceUrl = (environment: Environment, service = 'www') =>
  environment.services.find(({ name }) => name === service)?.url ?? `no service ${service}`

/** The well-known port where it is free, so that a browser can be pointed at it from habit; any other where it is not. */
function portOr(preferred: number): Promise<number> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(0))
    probe.listen(preferred, '127.0.0.1', () => probe.close(() => done(preferred)))
  })
}

async function start(): Promise<{ api: string; http: string; dns: string; tokenFile: string }> {
  const ports = once ? [0, 0, 0] : await Promise.all([7077, 8080, 5354].map(portOr))
  const flags = ['--api', '--http', '--dns'].flatMap((flag, index) => [flag, `127.0.0.1:${ports[index]}`])
  console.log(`  $ standin start ${flags.join(' ')}`)
  const child = spawn(standin, ['start', '--json', ...flags], { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  platform = child
  return new Promise((done, fail) => {
    child.once('exit', (code) => fail(new Error(`standin start ended with ${code}`)))
    createInterface({ input: child.stdout }).once('line', (line) => done(JSON.parse(line)))
  })
}

async function leave(): Promise<void> {
  if (leaving) return
  leaving = true
  const child = platform
  if (child !== undefined && child.exitCode === null) {
    const environments = await type<Environment[]>('list').catch(() => [])
    for (const { id } of environments) await type('delete', String(id), '--purge', '--yes').catch((error) => console.error(error.message))
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

async function demo(): Promise<void> {
  const at = await step('Start the platform', start)
  await step('Bake the shop into a template', () => type('template', 'build', 'examples/shop'))
  const alice = await step('Clone it', () => type<Environment>('up', 'shop', '--name', 'alice'))
  const bob = await step('Clone it again', () => type<Environment>('up', 'shop', '--name', 'bob'))

  await step('Two isolated stand-ins, data included', async () => {
    const before = JSON.parse((await ask(`${serviceUrl(bob)}api/orders`)).body) as unknown[]
    expect(
      before.length > 0,
      `bob's clone came with ${before.length} orders of ${new Set(before.map((order) => (order as { customer: string }).customer)).size} customers`,
    )
    const written = await ask(`${serviceUrl(alice)}api/orders`, {
      method: 'POST',
      body: JSON.stringify({ customer: 100, item: 'samovar' }),
    })
    expect(written.status === 201, `an order for a samovar was written into alice's clone, ${serviceUrl(alice)}`)
    expect((await ask(serviceUrl(alice))).body.includes('samovar'), 'it is there')
    expect(!(await ask(serviceUrl(bob))).body.includes('samovar'), `it is not in bob's, ${serviceUrl(bob)}`)
    const settings = JSON.parse((await ask(`${serviceUrl(alice)}api/settings`)).body) as { mail: { host: unknown } }
    expect(settings.mail.host === null, "production's mail server was taken out by the launch step")
  })

  await step('Every host has a name', async () => {
    const resolver = new Resolver()
    resolver.setServers([at.dns])
    const domain = new URL(serviceUrl(alice)).hostname.split('.').slice(1).join('.')
    const [webs, api] = await Promise.all([resolver.resolve4(`web.${alice.id}.${domain}`), resolver.resolve4(`api.${alice.id}.${domain}`)])
    expect(webs.length === 2, `web.${alice.id}.${domain} has two addresses, ${webs.join(' and ')}`)
    const [back] = await resolver.reverse(api[0] as string)
    expect(back === `api-1.${alice.id}.${domain}`, `${api[0]} is ${back}`)
    expect((await resolver.resolve4(`www-${bob.id}.${domain}`))[0] === '127.0.0.1', `www-${bob.id}.${domain} is the gateway`)
  })

  await step("Suspend bob's clone", () => type('suspend', 'bob'))
  await step('A request wakes it', async () => {
    const started = performance.now()
    const { status } = await ask(serviceUrl(bob))
    expect(status === 200, `the first request was answered after ${(performance.now() - started).toFixed(0)} ms`)
  })

  await step('Bake an application that no one here wrote', () => type('template', 'build', 'examples/registry'))
  const registry = await step('Clone it', () => type<Environment>('up', 'registry', '--name', 'packages'))
  await step('Its data came along', async () => {
    const manifest = await ask(`${serviceUrl(registry)}hello-standin`)
    expect(manifest.status === 200 && manifest.body.includes('1.0.0'), `the package hello-standin can be had from ${serviceUrl(registry)}`)
  })

  console.log(`\n${bold('How long it took')}`)
  for (const { what, ms } of took) console.log(`  ${(ms / 1000).toFixed(2).padStart(7)} s  ${what}`)
  if (once) return
  console.log(`\n${bold('It is yours')}
  In a browser:  ${serviceUrl(alice)}
                 ${serviceUrl(registry)}
  In a shell:    STANDIN_HOME=${home} bin/standin list
  Ctrl-C ends it and removes everything.`)
  await new Promise((done) => platform?.once('exit', done))
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void leave().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)))
}

try {
  await demo()
} catch (error) {
  if (!leaving) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
await leave()
