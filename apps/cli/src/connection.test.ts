import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { findConnection } from './connection.ts'

const directory = mkdtempSync(join(tmpdir(), 'standin-connection-'))
afterAll(() => rmSync(directory, { recursive: true }))

const home = join(directory, 'home')
const env = { XDG_CONFIG_HOME: join(directory, 'config'), STANDIN_HOME: home, HOME: directory }
const tokenFile = join(home, 'secrets', 'admin.token')
const platform = { api: 'http://127.0.0.1:7001', http: '', dns: '', tokenFile, children: {} }

function write(path: string, text: string) {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}
const runs = (pid = process.pid) => write(join(home, 'run', 'standin.json'), JSON.stringify({ ...platform, pid }))
const config = (text: string) => write(join(directory, 'config', 'standin', 'config.yaml'), text)

describe('findConnection', () => {
  beforeEach(() => {
    rmSync(directory, { recursive: true })
    write(tokenFile, 'stn_admin_secret\n')
  })

  it('finds the platform that runs for the home, with its token', async () => {
    runs()
    expect(await findConnection({}, env)).toEqual({ url: 'http://127.0.0.1:7001', token: 'stn_admin_secret' })
  })

  it('finds a control plane that was started on its own', async () => {
    write(join(home, 'run', 'control.json'), JSON.stringify({ api: 'http://127.0.0.1:7002', pid: process.pid }))
    expect(await findConnection({}, env)).toEqual({ url: 'http://127.0.0.1:7002', token: 'stn_admin_secret' })
  })

  it('says how to start one where none runs, also when a dead one left its file', async () => {
    const expected = { code: 'unreachable', message: expect.stringContaining(home), hint: expect.stringContaining('standin start') }
    await expect(findConnection({}, env)).rejects.toMatchObject(expected)
    // Linux gives no process this number.
    runs(2 ** 30)
    await expect(findConnection({}, env)).rejects.toMatchObject(expected)
  })

  it('takes a flag before the environment before the file before what runs', async () => {
    runs()
    config('url: http://file:1\ntoken: of-file\n')
    expect(await findConnection({}, env)).toEqual({ url: 'http://file:1', token: 'of-file' })
    const variables = { ...env, STANDIN_URL: 'http://variable:2/', STANDIN_TOKEN: 'of-variable' }
    expect(await findConnection({}, variables)).toEqual({ url: 'http://variable:2', token: 'of-variable' })
    write(join(directory, 'mine'), 'of-flag')
    expect(await findConnection({ url: 'http://flag:3/v1', tokenFile: join(directory, 'mine') }, variables)).toEqual({
      url: 'http://flag:3',
      token: 'of-flag',
    })
  })

  it('takes --home before the file', async () => {
    runs()
    config('url: http://file:1\ntoken: of-file\n')
    expect((await findConnection({ home }, env)).url).toBe('http://127.0.0.1:7001')
  })

  it('sends no token to an address that it does not belong to', async () => {
    runs()
    config('url: http://file:1\ntoken: of-file\n')
    await expect(findConnection({ url: 'http://elsewhere:9' }, env)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('names what is wrong with an address or a token file', async () => {
    await expect(findConnection({ url: 'localhost:7077' }, env)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('localhost:7077'),
    })
    await expect(findConnection({ url: 'http://a:1', tokenFile: join(directory, 'absent') }, env)).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('absent'),
    })
  })
})
