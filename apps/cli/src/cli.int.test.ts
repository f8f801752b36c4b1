import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const bin = resolve(import.meta.dirname, '../../../bin/standin')
const directory = mkdtempSync(join(tmpdir(), 'standin-cli-'))
const env = { PATH: process.env.PATH ?? '', HOME: directory, NO_COLOR: '1' }
afterAll(() => rmSync(directory, { recursive: true }))

function run(words: readonly string[], options: { file?: string; env?: Record<string, string>; cwd?: string } = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    const child = execFile(
      options.file ?? bin,
      words,
      { env: { ...env, ...options.env }, cwd: options.cwd ?? directory },
      (_, stdout, stderr) => done({ code: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end()
  })
}

describe('bin/standin', { timeout: 60_000 }, () => {
  it('works from any folder, through symlinks of symlinks and a linked folder', async () => {
    mkdirSync(join(directory, 'links'))
    symlinkSync(bin, join(directory, 'links', 'standin'))
    symlinkSync('links/standin', join(directory, 'twice'))
    symlinkSync(resolve(bin, '..'), join(directory, 'bin'))
    for (const file of [bin, join(directory, 'twice'), join(directory, 'bin', 'standin')]) {
      expect(await run(['version', '--json'], { file })).toMatchObject({ code: 0, stdout: expect.stringContaining('"cli":') })
    }
    const found = await run(['version', '--json'], { file: 'standin', env: { PATH: `${join(directory, 'links')}:${env.PATH}` } })
    expect(found.code).toBe(0)
  })

  it('says what to do in a checkout without its dependencies', async () => {
    const checkout = join(directory, 'bare')
    mkdirSync(join(checkout, 'bin'), { recursive: true })
    writeFileSync(join(checkout, 'bin', 'standin'), await (await import('node:fs/promises')).readFile(bin), { mode: 0o755 })
    const { code, stderr } = await run(['list'], { file: join(checkout, 'bin', 'standin') })
    expect(code).toBe(1)
    expect(stderr).toContain(`cd ${checkout} && npx -y pnpm@12.21.0 install`)
  })
})

describe('bad input', { timeout: 60_000 }, () => {
  it.each([
    [[], /Usage: standin/],
    [['frobnicate'], /unknown verb 'frobnicate'/],
    [['lsit'], /Did you mean list\?/],
    [['template'], /Usage: standin template/],
    [['template', 'bild'], /unknown verb 'bild'/],
    [['up'], /missing required argument 'template'[\s\S]*standin up --help/],
    [['up', 'shop', 'more'], /too many arguments/],
    [['up', 'shop', '--nmae', 'x'], /--nmae[\s\S]*--name/],
    [['up', 'shop', '--timeout', '5'], /--timeout: '5' is not a duration/],
    [['up', 'shop', '--label', 'novalue'], /--label: 'novalue'/],
    [['up', 'shop', '--count', '0'], /--count/],
    [['list', '--output', 'xml'], /table, json, yaml/],
    [['list', '--state', 'dancing'], /running/],
    [['logs', 'a', '--since', 'yesterday'], /--since: 'yesterday'/],
    [['attach', 'x'], /--service/],
    [['attach', 'x', '--service', 'www'], /www=127.0.0.1:9000/],
    [['exec', 'a', 'web', 'ls', '-l'], /stands after `--`/],
    [['token', 'create', 'x', '--scope', 'root'], /read, wake, write, admin/],
    [['token', 'create', 'x'], /--scope[\s\S]*standin token create --help/],
    [['template', 'bogus'], /standin template --help/],
    [['up', 'shop', '--name', 'Big One'], /--name: 'Big One' is not a name[\s\S]*small letters/],
    [['up', 'shop', '--name', '1001'], /configId/],
    [['up', 'shop', '--count', '101'], /from 1 to 100/],
    [['attach', 'Big', '--service', 'www=127.0.0.1:9000'], /'Big' is not a name/],
    [['attach', 'x', '--service', 'www=127.0.0.1:9000', '--ttl', '0s'], /--ttl: '0s' is too short/],
    [['logs', 'a', '--since', '1s', '--until', '10m'], /nothing between/],
    [['start', '--http', 'nowhere'], /--http: 'nowhere' is not an address/],
    [['completion', 'powershell'], /bash, zsh and fish/],
    [['list', '--url', 'localhost'], /'localhost' is not the address/],
  ] as [string[], RegExp][])('standin %j ends with 2 and says why', async (words, expected) => {
    const { code, stdout, stderr } = await run(words)
    expect(stderr).toMatch(expected)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toMatch(/ at .*\.ts/)
  })

  it('ends with 9 where no platform runs, and says how to start one', async () => {
    const verbs = [
      ['list'],
      ['up', 'shop'],
      ['show', 'a'],
      ['delete', 'a', '-y'],
      ['logs', 'a'],
      ['exec', 'a', 'b'],
      ['events'],
      ['template', 'list'],
      ['channel', 'list', 'a'],
    ]
    for (const words of verbs) {
      const { code, stderr } = await run(words)
      expect([words, code]).toEqual([words, 9])
      expect(stderr).toContain('standin start')
    }
  })

  it('tells scripts with one line of JSON', async () => {
    const { code, stdout, stderr } = await run(['list', '--json'])
    expect({ code, stdout }).toEqual({ code: 9, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'unreachable', hint: expect.stringContaining('standin start') } })
  })

  it('names every fault of the configuration file', async () => {
    mkdirSync(join(directory, 'faulty/standin'), { recursive: true })
    writeFileSync(join(directory, 'faulty/standin/config.yaml'), 'urll: x\ntoken: 5\n')
    const { code, stderr } = await run(['list'], { env: { XDG_CONFIG_HOME: join(directory, 'faulty') } })
    expect(code).toBe(2)
    expect(stderr).toMatch(/config\.yaml:1:1: urll/)
    expect(stderr).toMatch(/config\.yaml:2:1: token/)
  })
})

describe('streams', { timeout: 60_000 }, () => {
  it('says that its output can not be written', async () => {
    const { code, stderr } = await run(['-c', `"${bin}" completion bash > /dev/full`], { file: 'sh' })
    expect(code).toBe(1)
    expect(stderr).toContain('can not be written')
  })

  it('ends with 141 and without a word when its output is closed', async () => {
    // Enough to fill the pipe: 64 KiB.
    const items = Array.from({ length: 200 }, (_, index) => ({ ref: `t@${index}`, name: 't'.repeat(1000) }))
    const server = createServer((_, response) => response.end(JSON.stringify({ items, nextCursor: null })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const child = spawn(bin, ['template', 'list', '--json'], {
      env: { ...env, STANDIN_URL: `http://127.0.0.1:${port}`, STANDIN_TOKEN: 'x' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
    })
    child.stdout.destroy()
    const [code] = await once(child, 'close')
    server.close()
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' })
  })

  it('sends the completion that bash asks for', async () => {
    const script = `source <("${bin}" completion bash)
COMP_LINE="${bin} templ"; COMP_POINT=\${#COMP_LINE}; _standin; printf '%s\\n' "\${COMPREPLY[@]}"
COMP_LINE="${bin} list --state sus"; COMP_POINT=\${#COMP_LINE}; _standin; printf '%s\\n' "\${COMPREPLY[@]}"
COMP_LINE="${bin} completion "; COMP_POINT=\${#COMP_LINE}; _standin; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await run(['-c', script], { file: 'bash' })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(['template', 'suspending', 'suspended', 'bash', 'zsh', 'fish'])
  })
})
