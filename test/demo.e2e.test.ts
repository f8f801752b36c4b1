import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

it('pnpm demo --once does the main job and ends by itself with 0', { timeout: 240_000 }, async () => {
  const child = spawn(process.execPath, ['examples/demo.ts', '--once'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const code = await new Promise((done) => child.once('close', done))
  expect(code, output).toBe(0)
  // Each claim that it makes was checked by itself; these are the last ones of its two applications.
  expect(output).toMatch(/✓ the first request was answered after \d+ ms/)
  expect(output).toContain('✓ the package hello-standin can be had')
})
