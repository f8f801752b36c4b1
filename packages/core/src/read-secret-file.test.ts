import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSecretFile } from './read-secret-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-secret-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const written = (text: string, mode = 0o600) => {
  const file = join(folder, 'secret')
  writeFileSync(file, text, { mode })
  return file
}
const refusal = (file: string) => readSecretFile(file, 'the token').catch((error) => error)

describe('a file that holds a secret', () => {
  it.each([
    ['one line', 's3cret\n', 's3cret'],
    ['a line of Windows', 's3cret\r\n', 's3cret'],
    ['blanks that belong to it', ' s3cret ', ' s3cret '],
  ])('is read: %s', async (_, text, secret) => expect(await readSecretFile(written(text), 'the token')).toBe(secret))

  it('is read where it is linked to, as Kubernetes has it', async () => {
    symlinkSync(written('s3cret'), join(folder, 'link'))
    expect(await readSecretFile(join(folder, 'link'), 'the token')).toBe('s3cret')
  })

  it.each([0o640, 0o604, 0o620])('is refused where others than its owner may use it: %o', async (mode) => {
    const file = written('', mode)
    execFileSync('chmod', [mode.toString(8), file])
    expect(await refusal(file)).toMatchObject({ code: 'invalid', message: `the token in ${file} can be read by others: chmod 600 ${file}` })
  })

  it('is refused where there is nothing in it', async () => {
    const file = written('\n')
    expect(await refusal(file)).toMatchObject({ message: `the token in ${file} is empty` })
  })

  it.each([
    ['is missing', () => join(folder, 'none'), 'ENOENT'],
    ['is a folder', () => folder, 'it is no plain file of at most 64 KiB'],
    ['is endless', () => '/dev/zero', 'it is no plain file of at most 64 KiB'],
    ['is far too long', () => written('x'.repeat(65_537)), 'it is no plain file of at most 64 KiB'],
  ])('is refused where it %s', async (_, make, why) => {
    const file = make()
    expect(await refusal(file)).toMatchObject({ message: `the token can not be read from ${file}: ${why}` })
  })

  it('is not waited for where it is a pipe that nobody writes into', async () => {
    const file = join(folder, 'pipe')
    execFileSync('sh', ['-c', 'mkfifo -m 600 "$1"', 'sh', file])
    expect(await refusal(file)).toMatchObject({ message: `the token can not be read from ${file}: it is no plain file of at most 64 KiB` })
  })
})
