import { StandinError } from '@standin/client'
import type { PluginContext, PluginHooks, Schedule } from '@standin/core'
import { AskedRuns, type AskedSource, type Follow } from './asked-runs.ts'
import { exportRoutes } from './sources/export-people.ts'
import { checkLdap } from './sources/ldap/check-ldap.ts'
import { LdapSource } from './sources/ldap/ldap-source.ts'
import { checkOkta } from './sources/okta/check-okta.ts'
import { OktaSource } from './sources/okta/okta-source.ts'
import type { SourcesConfig } from './sources/sources-config.ts'
import type { Most } from './sync/limit.ts'
import { Synchronizer } from './sync/synchronizer.ts'
import { Troubles } from './sync/troubles.ts'

const longestMs = 3_600_000

/** Directories that are asked, each by its own schedule, and whenever somebody wants it. */
export interface Pull {
  readonly schedules: readonly Schedule[]
  readonly routes: NonNullable<PluginHooks['routes']>
  /** Say again what did not work when the last run ended. @param signal ends what somebody asked for */
  start(signal: AbortSignal): Promise<void>
}

/** @throws StandinError `invalid` with every fault that the schema can't see */
export function pullSources(context: PluginContext, config: SourcesConfig): Pull {
  check(config)
  const troubles = new Troubles(context)
  const done = context.metrics.counter('changes_total', {
    help: 'What was done to users and groups of a source',
    labels: ['source', 'kind', 'action'],
  })
  const succeeded = context.metrics.gauge('last_success_seconds', { help: 'When a source was last read to its end', labels: ['source'] })
  let last: Promise<void> = Promise.resolve()
  /** One after the other: what one of them changes, the next one compares with. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const run = last.then(work)
    last = run.catch(() => {})
    return run
  }
  const ldap = config.ldap.map((each) => new LdapSource(each))
  const kinds = [
    ...ldap.map((source, index) => ({ kind: 'ldap' as const, config: config.ldap[index] as SourcesConfig['ldap'][number], source })),
    ...config.okta.map((each) => {
      return { kind: 'okta' as const, config: each, source: new OktaSource(each, (ms, signal) => context.clock.sleep(ms, signal)) }
    }),
  ]
  const sources = kinds.map(({ kind, config: each, source }) => {
    const { id, schedule, timeZone, adopt, heir = null, dryRun, mostDeactivations: most } = each
    const synchronizer = new Synchronizer(source, context, {
      ...{ adopt, most, heir, dryRun },
      onDone: (what, action) => done.inc({ source: id, kind: what, action }),
      onTrouble: (trouble) => troubles.set(id, trouble),
    })
    const about: AskedSource = { id, kind, schedule, timeZone, dryRun, export: source instanceof LdapSource ? source.exported : [] }
    const run = (signal: AbortSignal, print: (line: string) => void, limit?: Most) => {
      return inTurn(() => synchronizer.run(signal, print, limit)).then(() => succeeded.set(context.clock.now() / 1000, { source: id }))
    }
    const follow: Follow = ({ kind: what, most: limit, signal, print }) => {
      return limited(context.clock, signal, (until) =>
        what === 'run' ? run(until, print, limit) : inTurn(() => synchronizer.plan(until, print, limit)),
      )
    }
    return { about, follow, run }
  })
  const asked = new AskedRuns(sources, context.log)
  return {
    schedules: sources.map(({ about: { id, schedule, timeZone }, run }): Schedule => {
      return { id, cron: schedule, timeZone, timeoutMs: longestMs, run: ({ signal, print }) => run(signal, print) }
    }),
    routes: async (app) => {
      await app.register(exportRoutes(ldap))
      await app.register(asked.routes)
    },
    start: (signal) => {
      asked.start(signal)
      return troubles.show(sources.map(({ about: { id } }) => id))
    },
  }
}

/** As long as a run of a schedule may take. */
async function limited(clock: PluginContext['clock'], signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const end = new AbortController()
  const until = AbortSignal.any([signal, end.signal])
  clock.sleep(longestMs, until).then(
    () => end.abort(new StandinError('timeout', 'it took longer than an hour')),
    () => {},
  )
  await work(until).finally(() => end.abort())
}

function check({ ldap, okta }: SourcesConfig): void {
  const faults = [
    ...ldap.flatMap((each, index) => checkLdap(each).map((fault) => ({ ...fault, path: `/sources/ldap/${index}${fault.path}` }))),
    ...okta.flatMap((each, index) => checkOkta(each).map((fault) => ({ ...fault, path: `/sources/okta/${index}${fault.path}` }))),
  ]
  const ids = [...ldap, ...okta].map(({ id }) => id)
  for (const id of new Set(ids.filter((each, index) => each === 'local' || each === 'scim' || ids.indexOf(each) !== index))) {
    const why = id === 'local' ? 'is what people keep by hand' : id === 'scim' ? 'is what directories push' : 'is the id of two sources'
    faults.push({ path: '/sources', message: `${id} ${why}: take another id` })
  }
  if (faults.length > 0) {
    throw new StandinError('invalid', faults.map(({ path, message }) => `${path} ${message}`).join('; '), { errors: faults })
  }
}
