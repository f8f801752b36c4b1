import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { median, quantile, table, timed } from './figures.ts'

const shop = resolve(import.meta.dirname, '../examples/shop')
const domain = 'test-envs.localhost'
const rounds = 15

/** Asks until the answer is 200, as soon as a connection is possible at all. */
async function firstAnswer(address: string, port: number, path: string): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    const ok = await new Promise<boolean>((done) => {
      const call = request({ host: address, port, path, agent: false }, (response) => {
        response.resume()
        response.on('end', () => done(response.statusCode === 200))
      })
      call.on('error', () => done(false))
      call.end()
    })
    if (ok) return
    await new Promise((done) => setTimeout(done, 2))
  }
  throw new Error(`no answer at ${address}:${port}${path}`)
}

/** What a person would do without Standin: the launch step, the api, then both web instances; from ready files. */
async function byHand(files: string, round: number): Promise<number> {
  const children: ChildProcess[] = []
  const address = (host: number) => `127.100.${round}.${host}`
  const run = (host: string, script: string, env: Record<string, string>) => {
    const child = spawn('node', [script], {
      cwd: join(files, host),
      env: { PATH: process.env.PATH ?? '', DATA_DIR: 'data', ...env },
      stdio: 'ignore',
    })
    children.push(child)
    return child
  }
  try {
    return await timed(async () => {
      const launch = run('api', 'neutralise.mjs', {})
      await new Promise((done) => launch.once('exit', done))
      run('api', 'server.mjs', { LISTEN: `${address(1)}:8080` })
      await firstAnswer(address(1), 8080, '/health')
      for (const host of [2, 3]) run('web', 'server.mjs', { LISTEN: `${address(host)}:8080`, API_URL: `http://${address(1)}:8080` })
      await Promise.all([2, 3].map((host) => firstAnswer(address(host), 8080, '/')))
    })
  } finally {
    await Promise.all(
      children
        .filter(({ exitCode }) => exitCode === null)
        .map((child) => new Promise((done) => child.once('exit', done) && child.kill('SIGKILL'))),
    )
  }
}

async function firstThroughGateway(platform: Platform, id: number): Promise<void> {
  await eventually(async () => ((await platform.ask(`www-${id}.${domain}`)).status === 200 ? true : undefined), 30_000)
}

async function up(platform: Platform, template: string): Promise<{ ms: number; id: number }> {
  let id = 0
  const ms = await timed(async () => {
    id = (await platform.api<Environment>('POST', '/v1/environments', { template })).body.id
    await firstThroughGateway(platform, id)
  })
  return { ms, id }
}

/** The shop with a volume of so many bytes. */
function withData(bytes: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'standin-bench-'))
  cpSync(shop, directory, { recursive: true })
  const file = join(directory, 'compose.yaml')
  const filler = `      - { name: fill, host: api, run: "head -c ${bytes} /dev/urandom > data/filler", timeout: 5m }\n`
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('    configure:\n', `    configure:\n${filler}`).replace('name: shop', `name: shop-${bytes}`),
  )
  return directory
}

export async function bench(): Promise<void> {
  await using platform = await Platform.boot()
  await platform.json('template', 'build', shop)
  const files = mkdtempSync(join(tmpdir(), 'standin-by-hand-'))
  for (const host of ['api', 'web']) cpSync(join(shop, host), join(files, host), { recursive: true })
  cpSync(join(shop, 'api/settings.production.json'), join(files, 'api/data/settings.json'))

  const hand: number[] = []
  const ours: number[] = []
  const cli: number[] = []
  const wake: number[] = []
  const awake: number[] = []
  for (let round = 0; round < rounds; round++) {
    hand.push(await byHand(files, round))
    const { ms, id } = await up(platform, 'shop')
    ours.push(ms)
    await platform.json('suspend', String(id))
    wake.push(await timed(() => platform.ask(`www-${id}.${domain}`)))
    awake.push(await timed(() => platform.ask(`www-${id}.${domain}`)))
    await platform.json('delete', String(id), '--purge', '--yes')
    let typed: Environment | undefined
    cli.push(
      await timed(async () => {
        typed = await platform.json<Environment>('up', 'shop')
        await firstThroughGateway(platform, typed.id)
      }),
    )
    await platform.json('delete', String(typed?.id), '--purge', '--yes')
  }
  rmSync(files, { recursive: true })
  const row = (what: string, values: number[], base: number[]) => [
    what,
    median(values),
    quantile(values, 0.9),
    median(values.map((value, index) => value / (base[index] ?? Number.NaN))),
  ]
  table(
    [`until the first 200 (${rounds} rounds in turn)`, 'median ms', 'p90 ms', 'ratio, median of pairs'],
    [
      row('the same processes by hand', hand, hand),
      row('API call to 200 through the gateway', ours, hand),
      row('typed `standin up`, to 200', cli, hand),
    ],
  )
  console.log()
  table(
    ['a request', 'median ms', 'p90 ms'],
    [
      ['that wakes a suspended clone', median(wake), quantile(wake, 0.9)],
      ['to the same clone, awake', median(awake), quantile(awake, 0.9)],
    ],
  )

  console.log()
  const sizes = [1 << 20, 1 << 30]
  const times = new Map<number, number[]>(sizes.map((size) => [size, []]))
  for (const size of sizes) {
    const directory = withData(size)
    await platform.json('template', 'build', directory, '-t', '10m')
    rmSync(directory, { recursive: true })
  }
  for (let round = 0; round < 9; round++) {
    for (const size of sizes) {
      const { ms, id } = await up(platform, `shop-${size}`)
      times.get(size)?.push(ms)
      await platform.json('delete', String(id), '--purge', '--yes')
    }
  }
  const small = times.get(1 << 20) ?? []
  table(
    ['data in the volume', 'median ms', 'ratio, median of pairs'],
    sizes.map((size) => {
      const values = times.get(size) ?? []
      return [`${size >> 20} MiB`, median(values), median(values.map((value, index) => value / (small[index] ?? Number.NaN)))]
    }),
  )
}
