import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const guides = join(root, 'docs/guide')

/** Commands of a page: the lines of its ```sh blocks. A block marked `sh skip` is not meant to be run as it stands. */
function commands(page: string): string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)
  return [...blocks]
    .flatMap(([, text]) => (text ?? '').replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** Who follows a guide has the node of the machine, not that of the workspace. */
const pathOfReaders = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':')

function run(command: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn('sh', ['-c', command], {
      cwd: root,
      env: { PATH: pathOfReaders, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
      })
    }
    child.on('close', (code) => done({ code, output }))
  })
}

const pages = readdirSync(guides).filter((page) => page.endsWith('.md') && commands(join(guides, page)).length > 0)

describe.each(pages)('docs/guide/%s', { timeout: 360_000 }, (page) => {
  let platform: Platform
  beforeAll(async () => {
    platform = await Platform.boot()
  }, 120_000)
  afterAll(() => platform?.stop(), 120_000)

  it('has commands that work in this order', async () => {
    // Installing is what brought this test here.
    for (const command of commands(join(guides, page)).filter((line) => !line.startsWith('npx'))) {
      const { code, output } = await run(command, { HOME: platform.home, STANDIN_HOME: platform.home })
      expect(code, `$ ${command}\n${output}`).toBe(0)
    }
  })
})

describe('README.md', () => {
  it('links to pages that exist', () => {
    for (const [, target] of readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!http)([^)#]+)\)/g)) {
      expect(() => readdirSync(join(root, target ?? ''), { withFileTypes: true }), target).not.toThrow(/ENOENT/)
    }
  })

  it('names every verb that the CLI has', async () => {
    const { output } = await run('bin/standin --help', {})
    const verbs = [...output.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, verb]) => verb ?? '').filter((verb) => verb !== 'help')
    expect(verbs.length).toBeGreaterThan(15)
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    expect(verbs.filter((verb) => !readme.includes(`\`${verb}`) && !readme.includes(`${verb}·`))).toEqual([])
  })
})
