import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { TalkingProcess } from '@standin/testing'
import { afterEach, expect, it } from 'vitest'
import { ConfluenceSimulator } from '../writers/confluence/testing/confluence-simulator.ts'

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
const program = resolve(import.meta.dirname, 'fixtures/published-control.ts')
const folder = mkdtempSync(join(tmpdir(), 'standin-published-'))
let running: TalkingProcess | undefined
afterEach(async () => {
  await running?.kill()
  rmSync(folder, { recursive: true, force: true })
})

it(`has one page of each environment and none besides where control is killed ${rounds} times while it publishes`, {
  timeout: 300_000,
}, async () => {
  await using simulator = new ConfluenceSimulator()
  const site = await simulator.start()
  const [home, pages, tokenFile] = [join(folder, 'home'), join(folder, 'pages'), join(folder, 'token')]
  mkdirSync(home)
  writeFileSync(tokenFile, simulator.token, { mode: 0o600 })
  const confluence = [{ site, email: simulator.email, tokenFile, space: 'ENV', parent: 'Environments' }]
  const config = JSON.stringify({ confluence, markdown: [{ folder: pages }] })

  let at = '2026-03-02T09:00:00.000Z'
  for (let round = 0; round < rounds; round++) {
    // All that it prints: from an earlier instant, an hour would not be enough for it in the end.
    running = new TalkingProcess(program, [home, at, config, 'go'], (line) => {
      at = line
    })
    await running.printed(6 + Math.floor(Math.random() * 12))
    // What goes wrong besides: an answer that is lost, a person who writes, a site that wants patience.
    simulator.upset(/^POST .*\/pages$/, 'cut after it is done')
    simulator.upset(/^PUT .*\/pages\//, (page) => void page.version++)
    simulator.upset(/^PUT .*\/pages\//, { status: 429, headers: { 'retry-after': '30' } })
    await pause(Math.random() * 60)
    await running.kill()
  }
  let told = ''
  running = new TalkingProcess(program, [home, at, config, 'end'], (line) => {
    told = line
  })
  await running.printed(1)
  await running.ended()
  const { environments } = JSON.parse(told) as { environments: { id: number; name: string; project: string | null }[] }

  expect(simulator.faults).toEqual([])
  expect(environments.length).toBeGreaterThan(3)
  const titles = environments.map(({ id, name }) => `${name} (${id})`)
  const current = [...simulator.pages.values()].filter(({ status }) => status === 'current')
  expect(current.map(({ title }) => title).sort()).toEqual(['Environments', ...titles].sort())
  expect(readdirSync(pages).sort()).toEqual(['.standin', 'README.md', ...environments.map(({ id, name }) => `${id}-${name}.md`)].sort())
  for (const { id, name, project } of environments) {
    if (project === null) continue
    expect(simulator.titled(`${name} (${id})`)?.value).toContain(`<td>${project}</td>`)
    expect(readFileSync(join(pages, `${id}-${name}.md`), 'utf8')).toContain(`| ${project} |`)
  }
})
