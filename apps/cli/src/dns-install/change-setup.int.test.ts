import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { dnsInstall } from '../verbs/dns-install.ts'
import { installSetup } from './change-setup.ts'
import { setupFor } from './resolver-setup.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'standin-dns-install-'))
})
afterEach(() => rm(root, { recursive: true }))

it('writes no file elsewhere that a link in its place points to, and leaves nothing else behind', async () => {
  const setup = setupFor('systemd-resolved', 'test-envs.internal', { address: '127.0.0.1', port: 5354 })
  const file = join(root, setup.file)
  await mkdir(dirname(file), { recursive: true })
  await symlink(join(root, 'elsewhere'), file)
  await installSetup(setup, root, {})
  expect((await lstat(file)).isFile()).toBe(true)
  expect(await readFile(file, 'utf8')).toBe(setup.content)
  expect(await readdir(root)).toEqual(['etc'])
  expect(await readdir(dirname(file))).toEqual(['standin.conf'])
})

it('takes no domain of a control plane that would be another path, or another line', async () => {
  for (const domain of ['../../etc/cron.d/evil', 'a.internal\nDNS=192.0.2.1']) {
    const context = { env: {}, connect: async () => ({ discover: async () => ({ domain, dns: '127.0.0.1:5354' }) }) }
    await expect(dnsInstall.run(context as unknown as Context, [], { for: 'macos', apply: true, root })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('is not a domain'),
    })
  }
  expect(await readdir(root)).toEqual([])
})

it.each([
  ['0.0.0.0', '127.0.0.1:5354'],
  ['::', '[::1]:5354'],
  ['0:0:0:0:0:0:0:0', '[::1]:5354'],
  ['::1', '[::1]:5354'],
  ['10.0.0.0', '10.0.0.0:5354'],
])('points at loopback where the resolver listens on all addresses: %s', (address, expected) => {
  expect(setupFor('systemd-resolved', 'test-envs.internal', { address, port: 5354 }).content).toContain(`\nDNS=${expected}\n`)
})
