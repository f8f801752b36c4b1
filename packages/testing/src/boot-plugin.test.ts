import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin } from '@standin/core'
import Type from 'typebox'
import { expect, it, vi } from 'vitest'
import { bootPlugin } from './boot-plugin.ts'

const greeter = definePlugin({ id: 'greeter', config: Type.Object({ name: Type.String() }), setup: () => ({}) })

it('leaves nothing behind, also where the configuration is wrong', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'standin-boot-'))
  vi.stubEnv('TMPDIR', dir)
  try {
    await expect(bootPlugin(greeter, {})).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('name') })
    {
      await using booted = await bootPlugin(greeter, { name: 'ada' })
      expect(booted.plugin.state).toBe('running')
    }
    expect(readdirSync(dir)).toEqual([])
  } finally {
    vi.unstubAllEnvs()
    rmSync(dir, { recursive: true })
  }
})
