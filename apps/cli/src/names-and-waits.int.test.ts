import type { Environment } from '@standin/client'
import { Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('names on a running platform', { timeout: 180_000 }, () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await Platform.boot()
  }, 120_000)
  afterAll(() => platform?.stop(), 120_000)

  const attach = async (name: string) => (await platform.json<Environment>('attach', name, '--service', 'www=127.0.0.1:9')).id
  const trash = async (name: string) => {
    const id = await attach(name)
    await platform.json('delete', String(id), '--yes')
    return id
  }

  it('does not guess which of several in the trash is meant', async () => {
    const [first, second] = [await trash('mine'), await trash('mine')]
    const { code, stderr } = await platform.cli('undelete', 'mine')
    expect(code).toBe(2)
    expect(stderr).toMatch(new RegExp(`^  ${second}: deleted \\d{4}-.*\\n  ${first}: deleted \\d{4}-`, 'm'))
    expect(stderr).toContain(`standin undelete ${second}`)
    // The one that was deleted last is what the name means elsewhere, however old it is.
    await platform.json('undelete', String(first))
    await platform.json('delete', String(first), '--yes')
    expect((await platform.json<Environment>('show', 'mine')).id).toBe(first)
    await platform.json('delete', String(first), String(second), '--purge', '--yes')
  })

  it('brings back under another name what lost its own', async () => {
    const trashed = await trash('alice')
    const live = await attach('alice')
    for (const ref of ['alice', String(trashed)]) {
      const { code, stderr } = await platform.cli('undelete', ref)
      expect([ref, code]).toEqual([ref, 8])
      expect(stderr).toContain(String(live))
      expect(stderr).toContain(`standin undelete ${trashed} --name NEW`)
    }
    expect((await platform.cli('undelete', String(trashed), '--name', 'alice')).code).toBe(8)
    expect((await platform.cli('undelete', String(live), '--name', 'other')).code).toBe(8)
    expect(await platform.json('undelete', 'alice', '--name', 'alice-before')).toMatchObject({ id: trashed, name: 'alice-before' })
    expect((await platform.json<Environment>('show', 'alice')).id).toBe(live)
  })

  it('says with --no-wait what was begun', async () => {
    const id = await attach('hasty')
    const said = async (...words: string[]) => (await platform.cli(...words, 'hasty', '--no-wait')).stderr
    expect(await said('delete', '--yes')).toContain(`hasty (${id}) is being deleted.`)
    expect(await said('undelete')).toContain(`hasty (${id}) is being brought back.`)
    await platform.json('resume', 'hasty')
    expect(await said('stop')).toContain(`hasty (${id}) is being stopped.`)
    await platform.json('stop', 'hasty')
    expect(await said('resume')).toContain(`hasty (${id}) is being resumed.`)
  })

  it('acts once on what is named twice', async () => {
    const id = await attach('twice')
    const { stderr } = await platform.cli('delete', 'twice', String(id), '--dry-run')
    expect(stderr.match(/Would delete/g)).toHaveLength(1)
    expect(await platform.json('delete', 'twice', String(id), '--yes')).toMatchObject({ id })
  })
})
