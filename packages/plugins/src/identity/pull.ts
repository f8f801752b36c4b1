import { StandinError } from '@standin/client'
import type { PluginContext, PluginHooks, Schedule } from '@standin/core'
import { exportRoutes } from './sources/export-people.ts'
import { checkLdap } from './sources/ldap/check-ldap.ts'
import { LdapSource } from './sources/ldap/ldap-source.ts'
import { checkOkta } from './sources/okta/check-okta.ts'
import { OktaSource } from './sources/okta/okta-source.ts'
import type { SourcesConfig } from './sources/sources-config.ts'
import { Synchronizer } from './sync/synchronizer.ts'
import { Troubles } from './sync/troubles.ts'

const longestMs = 3_600_000

/** Directories that are asked, each by its own schedule. */
export interface Pull {
  readonly schedules: readonly Schedule[]
  readonly routes: NonNullable<PluginHooks['routes']>
  /** Say again what did not work when the last run ended. */
  start(): Promise<void>
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
  const ldap = config.ldap.map((each) => new LdapSource(each))
  const sources = [
    ...ldap.map((source, index) => ({ config: config.ldap[index] as SourcesConfig['ldap'][number], source })),
    ...config.okta.map((each) => ({ config: each, source: new OktaSource(each, (ms, signal) => context.clock.sleep(ms, signal)) })),
  ]
  const schedules = sources.map(({ config: each, source }): Schedule => {
    const { id, schedule, timeZone, adopt, heir = null, dryRun, mostDeactivations: most } = each
    const synchronizer = new Synchronizer(source, context, {
      ...{ adopt, most, heir, dryRun },
      onDone: (kind, action) => done.inc({ source: id, kind, action }),
      onTrouble: (trouble) => troubles.set(id, trouble),
    })
    return {
      id,
      cron: schedule,
      timeZone,
      timeoutMs: longestMs,
      // One after the other: what one of them changes, the next one compares with.
      run: ({ signal, print }) => {
        const run = last.then(() => synchronizer.run(signal, print))
        last = run.catch(() => {})
        return run.then(() => succeeded.set(context.clock.now() / 1000, { source: id }))
      },
    }
  })
  return { schedules, routes: exportRoutes(ldap), start: () => troubles.show(sources.map(({ source: { id } }) => id)) }
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
