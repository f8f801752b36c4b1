import { Readable } from 'node:stream'
import { type Fixture, StandinError } from '@standin/client'
import { snapshotKey } from '../store/builds.ts'
import type { BuildRun } from './build-run.ts'
import { checkRows, jsonLines, refuseBadRows } from './fixture-rows.ts'
import { runCheck } from './run-check.ts'
import type { PhaseName } from './step-failure.ts'

/** A fixture's command may print so much, characters. */
const largestOutput = 64 * 1024 * 1024

/**
 * The way from a blueprint to a template, in order. Each phase finds the environment as the one before left it; what goes
 * wrong is thrown, and whoever runs them clears up.
 */
export const phases: readonly { readonly name: PhaseName; readonly run: (run: BuildRun) => Promise<void> }[] = [
  { name: 'provision', run: provision },
  { name: 'bootstrap', run: bootstrap },
  { name: 'configure', run: configure },
  { name: 'bake', run: bake },
]

/** Make the hosts' files; nothing runs. */
async function provision(run: BuildRun): Promise<void> {
  const { environments, plan, provider, signal } = run
  const record = environments.require(run.environmentId)
  await run.step(null, 'files', async () => {
    const spec = { id: record.id, name: record.name, stack: plan.spec, source: { kind: 'blueprint' as const, dir: plan.dir } }
    await provider.create(spec, { signal, onProgress: run.onProgress })
    return null
  })
  environments.markProvisioned(record)
  await run.runSteps(plan.stack.phases.provision.map((step) => ({ ...step, environment: { ...plan.network, ...step.environment } })))
}

/** Start the services, load the fixtures. */
async function bootstrap(run: BuildRun): Promise<void> {
  const { environments, plan, provider, signal } = run
  const id = run.environmentId
  const { instances } = await provider.start(id, { signal, onProgress: run.onProgress })
  signal.throwIfAborted()
  environments.transition(id, 'running', { actor: 'builder', message: `build ${plan.id} runs it` }, { instances })
  for (const fixture of plan.stack.fixtures) await load(run, fixture)
  await run.runSteps(plan.stack.phases.bootstrap)
}

/** Drive the application, then see whether it is what it should be. */
async function configure(run: BuildRun): Promise<void> {
  const { plan, provider, signal } = run
  await run.runSteps(plan.stack.phases.configure)
  for (const check of plan.stack.checks) {
    const began = performance.now()
    const result = await runCheck(provider, run.environmentId, check, signal)
    run.checks.push({ ...result, output: plan.redact(result.output) })
    run.onProgress({
      host: check.host,
      step: `check ${check.name}`,
      status: result.ok ? 'done' : 'failed',
      durationMs: Math.round(performance.now() - began),
      message: result.ok ? null : result.output,
    })
  }
  const failed = run.checks.filter((check) => !check.ok)
  if (failed.length === 0) return
  const told = failed.map(({ name, output }) => `check "${name}" failed: ${output}`)
  throw new StandinError('check_failed', `${failed.length} of ${run.checks.length} checks failed.\n${told.join('\n')}`)
}

/** Stop everything cleanly and keep it. The version itself is written down by who runs the phases. */
async function bake(run: BuildRun): Promise<void> {
  const { environments, plan, provider, signal } = run
  const id = run.environmentId
  const because = { actor: 'builder', message: `build ${plan.id} bakes it` }
  await run.step(null, 'stop', async () => {
    environments.transition(id, 'stopping', because)
    const { instances } = await provider.stop(id, { signal })
    environments.transition(id, 'stopped', because, { instances })
    return null
  })
  await run.step(null, 'snapshot', async () => {
    environments.transition(id, 'snapshotting', because)
    const { sizeBytes } = await provider.snapshot(id, snapshotKey(plan.id))
    run.sizeBytes = sizeBytes
    environments.transition(id, 'stopped', because)
    return null
  })
}

async function load(run: BuildRun, fixture: Fixture): Promise<void> {
  const { loader } = fixture
  await run.step(loader.host, loader.name, async () => {
    const source = fixture.csv === null ? await printed(run, fixture) : () => run.csvFile(fixture.csv ?? '')
    const report = await checkRows(fixture, source(), fixture.csv ?? `output of "${fixture.name}"`)
    refuseBadRows([{ fixture, report }])
    await run.run(loader, jsonLines(source()))
    run.fixtures.push({ name: fixture.name, rows: report.rows })
    return report.rows === 1 ? '1 row' : `${report.rows} rows`
  })
}

/** What the fixture's command prints. */
async function printed(run: BuildRun, fixture: Fixture): Promise<() => Readable> {
  const lines: string[] = []
  let size = 0
  const step = {
    ...fixture.loader,
    name: `rows of ${fixture.name}`,
    host: fixture.host ?? fixture.loader.host,
    run: fixture.command ?? '',
    environment: {},
  }
  await run.run(step, undefined, (stream, line) => {
    if (stream !== 'stdout') return
    size += line.length + 1
    if (size <= largestOutput) lines.push(`${line}\n`)
  })
  if (size > largestOutput) throw new StandinError('too_large', `the command of fixture "${fixture.name}" printed more than 64 MiB`)
  return () => Readable.from(lines)
}
