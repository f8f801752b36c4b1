import type { Provider } from '@standin/core'
import { attachProvider, formatEndpoint } from '@standin/providers/attach'
import { processProvider } from '@standin/providers/process'
import { Builder } from '../builder/builder.ts'
import { Listening } from '../listening.ts'
import { Deadlines } from '../reconcile/deadlines.ts'
import { Needs } from '../reconcile/needs.ts'
import { type ProviderEntry, ProviderRegistry } from '../reconcile/provider-registry.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import { StorageMeter } from '../reconcile/storage-meter.ts'
import { makePrivate } from '../store/home.ts'
import type { Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** What brings environments to where they are wanted, and builds templates. */
export function provideReconciling(provide: Provide, { config, opened: { home, database }, options, clock, now }: Ground): void {
  provide(Tokens.listening, () => new Listening(config))
  provide(Tokens.providers, (get) => {
    const listening = get(Tokens.listening)
    const configs: Readonly<Record<string, () => unknown>> = { attach: () => ({ reserved: listening.reserved.map(formatEndpoint) }) }
    const entries = (options.providers ?? [processProvider as Provider, attachProvider as Provider]).map(
      (provider): ProviderEntry => ({ provider, config: configs[provider.id] ?? (() => ({})) }),
    )
    const contextOf = (id: string) => {
      const dataDir = home.providerDir(id)
      makePrivate(dataDir)
      return { dataDir, hiddenDirs: home.hiddenDirs, domain: config.domain, log: get(Tokens.log).child({ provider: id }), now }
    }
    return new ProviderRegistry(entries, contextOf, get(Tokens.log))
  })
  provide(Tokens.needs, (get) => new Needs(get(Tokens.environments), get(Tokens.queries), get(Tokens.events)))
  provide(Tokens.reconciler, (get) => {
    const metrics = get(Tokens.metrics)
    return new Reconciler({
      environments: get(Tokens.environments),
      queries: get(Tokens.queries),
      templates: get(Tokens.templates),
      stacks: get(Tokens.stacks),
      needs: get(Tokens.needs),
      builds: get(Tokens.builds),
      events: get(Tokens.events),
      providers: get(Tokens.providers),
      log: get(Tokens.log),
      now,
      trashMs: config.trashMs,
      onStep: (step, seconds) => metrics.observeStep(step, seconds),
      onFailure: (code) => metrics.countFailure(code),
    })
  })
  provide(Tokens.deadlines, (get) => {
    const [environments, queries, faults] = [get(Tokens.environments), get(Tokens.queries), get(Tokens.faults)]
    return new Deadlines(environments, queries, faults, get(Tokens.events), clock, get(Tokens.log))
  })

  provide(
    Tokens.storage,
    (get) =>
      new StorageMeter({
        environments: get(Tokens.environments),
        queries: get(Tokens.queries),
        events: get(Tokens.events),
        providers: get(Tokens.providers),
        clock,
        log: get(Tokens.log),
      }),
  )

  provide(
    Tokens.builder,
    (get) =>
      new Builder({
        db: database,
        builds: get(Tokens.builds),
        environments: get(Tokens.environments),
        templates: get(Tokens.templates),
        providers: get(Tokens.providers),
        reconciler: get(Tokens.reconciler),
        dir: home.buildsDir,
        authorise: (name, project, caller) => {
          const authority = get(Tokens.authority)
          authority.build(name, project, authority.refresh(caller).user)
        },
        log: get(Tokens.log),
        now,
      }),
  )
}
