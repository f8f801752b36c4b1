import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StandinError } from '@standin/client/errors'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfigFile } from './config-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'standin-config-'))
const path = join(directory, 'config.yaml')
afterAll(() => rmSync(directory, { recursive: true }))

async function read(text: string) {
  writeFileSync(path, text)
  return readConfigFile(path)
}

describe('readConfigFile', () => {
  it('takes an absent file and an empty one for no configuration', async () => {
    expect(await readConfigFile(join(directory, 'absent.yaml'))).toEqual({})
    expect(await read('# nothing\n')).toEqual({})
  })

  it('reads address and token, and takes a token file from its own folder', async () => {
    expect(await read('url: http://127.0.0.1:7077\ntokenFile: me.token\n')).toEqual({
      url: 'http://127.0.0.1:7077',
      tokenFile: join(directory, 'me.token'),
    })
  })

  it('tells every fault at once, with its place', async () => {
    const error = (await read('url: [1]\ntokn: abc\n').catch((caught: unknown) => caught)) as StandinError
    expect(error.code).toBe('invalid')
    expect(error.errors?.map(({ path: at, file, line, column }) => ({ at, file, line, column }))).toEqual([
      { at: 'url', file: path, line: 1, column: 1 },
      { at: 'tokn', file: path, line: 2, column: 1 },
    ])
  })

  it('tells what is no YAML, and what is no map', async () => {
    await expect(read('url: "open\n')).rejects.toMatchObject({ code: 'invalid' })
    await expect(read('- a\n')).rejects.toMatchObject({ code: 'invalid' })
  })
})
