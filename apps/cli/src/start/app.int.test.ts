import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isAlive } from '../running-file.ts'
import { App } from './app.ts'
import { lockHome } from './lock.ts'

const directory = mkdtempSync(join(tmpdir(), 'standin-app-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** An app of a few lines: prints its arguments when it is ready, ends as it is told to. */
function program(name: string, text: string) {
  const main = join(directory, `${name}.ts`)
  writeFileSync(main, text)
  const said: string[] = []
  const app = new App({ name: 'gateway', main, logFile: join(directory, `${name}.log`), env: process.env }, (message) => said.push(message))
  return { app, said, main }
}

const waits = `
console.log(JSON.stringify({ args: process.argv.slice(2).join(' ') }))
process.on('SIGTERM', () => process.exit(0))
setInterval(() => {}, 1000)
`

async function eventually<T>(attempt: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const answer = attempt()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come true')
}

describe('App', { timeout: 60_000 }, () => {
  it('is ready with its line, and stops when told to', async () => {
    const { app } = program('waits', waits)
    expect(await app.start(['--http', '0'])).toEqual({ args: '--http 0' })
    const pid = app.pid ?? 0
    expect(isAlive(pid)).toBe(true)
    await app.stop()
    expect(isAlive(pid)).toBe(false)
    expect(app.pid).toBeNull()
  })

  it('is started again when it dies, with the arguments that were set last', async () => {
    const journal = join(directory, 'dies.journal')
    const { app, said } = program(
      'dies',
      `import { appendFileSync } from 'node:fs'\n${waits}`.replace(
        'console.log',
        `appendFileSync(${JSON.stringify(journal)}, process.argv.slice(2).join(' ') + '\\n')\nconsole.log`,
      ),
    )
    await app.start(['--http', '0'])
    app.restartWith(['--http', '8080'])
    const first = app.pid ?? 0
    process.kill(first, 'SIGKILL')
    const second = await eventually(() => (app.pid !== null && app.pid !== first ? app.pid : undefined))
    await eventually(() => said.find((message) => message.includes('is back')))
    expect(isAlive(second)).toBe(true)
    expect(said[0]).toContain('SIGKILL')
    expect(readFileSync(journal, 'utf8')).toBe('--http 0\n--http 8080\n')
    await app.stop()
  })

  it('throws what it says of itself when it can not start', async () => {
    const problem = {
      type: '',
      title: '',
      status: 409,
      code: 'port_taken',
      detail: '127.0.0.1:80 is taken.',
      hint: 'Choose another with --http.',
    }
    const { app } = program('refuses', `console.log(JSON.stringify({ error: ${JSON.stringify(problem)} }))\nprocess.exitCode = 1\n`)
    await expect(app.start([])).rejects.toMatchObject({
      code: 'port_taken',
      message: '127.0.0.1:80 is taken.',
      hint: expect.stringContaining('another address with --http'),
    })
    await app.stop()
  })

  it('throws its last words when it dies before it is ready', async () => {
    const { app } = program('crashes', "throw new Error('no such thing')\n")
    await expect(app.start([])).rejects.toThrow(/gateway ended \(exit code 1\)[\s\S]*no such thing/)
    await app.stop()
  })

  it('ends by itself when its supervisor is killed', async () => {
    const { main } = program('orphan', waits)
    const supervisor = join(directory, 'supervisor.ts')
    writeFileSync(
      supervisor,
      `import { App } from ${JSON.stringify(join(import.meta.dirname, 'app.ts'))}
const app = new App({ name: 'gateway', main: ${JSON.stringify(main)}, logFile: ${JSON.stringify(join(directory, 'orphan.log'))}, env: process.env }, () => {})
await app.start([])
console.log(app.pid)
setInterval(() => {}, 1000)
`,
    )
    const process_ = spawn(process.execPath, [supervisor], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(process_.stdout, 'data')) as [Buffer]
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)
    process_.kill('SIGKILL')
    expect(await eventually(() => (isAlive(pid) ? undefined : 'gone'))).toBe('gone')
  })
})

describe('lockHome', () => {
  it('gives a home to one process, and again once that lets go', () => {
    const home = join(directory, 'home')
    mkdirSync(join(home, 'run'), { recursive: true })
    const unlock = lockHome(home)
    expect(unlock).not.toBeNull()
    expect(lockHome(home)).toBeNull()
    unlock?.()
    const again = lockHome(home)
    expect(again).not.toBeNull()
    again?.()
  })
})
