import 'reflect-metadata'
import { systemClock } from '@standin/core'
import { pino } from 'pino'
import { type DependencyContainer, instanceCachingFactory, container as root } from 'tsyringe'
import manifest from '../package.json' with { type: 'json' }
import { buildServer } from './api/server.ts'
import type { ControlConfig } from './config.ts'
import { provideApi, registerRoutes } from './container/api.ts'
import type { ContainerOptions, Ground, Provide } from './container/ground.ts'
import { providePeople } from './container/people.ts'
import { providePlugins } from './container/plugins.ts'
import { provideReconciling } from './container/reconcile.ts'
import { provideStore } from './container/store.ts'
import { provideTables } from './container/tables.ts'
import { Tokens } from './container/tokens.ts'
import { Control } from './control.ts'
import { placeOf } from './listening.ts'
import { logDestination } from './log-destination.ts'
import type { OpenedHome } from './open-home.ts'

export type { ContainerOptions } from './container/ground.ts'
export { type PartToken, Tokens } from './container/tokens.ts'

/** Control's parts and what each is made of: those of each concern in a file of `container/`. Nothing starts here. */
export function buildContainer(config: ControlConfig, opened: OpenedHome, options: ContainerOptions = {}): DependencyContainer {
  const { clock = systemClock } = options
  const ground: Ground = { config, opened, options, clock, place: placeOf(config), now: () => clock.now() }
  const container = root.createChildContainer()
  const provide: Provide = (part, make) =>
    void container.register(part, { useFactory: instanceCachingFactory(() => make((each) => container.resolve(each))) })

  provide(Tokens.log, () =>
    pino(
      { base: null, level: config.logLevel, redact: ['req.headers.authorization', 'headers.authorization', 'token', '*.token'] },
      options.logTo ?? logDestination(),
    ),
  )

  provideStore(provide, ground)
  providePeople(provide, ground)
  provideReconciling(provide, ground)
  provideTables(provide, ground)
  provideApi(provide, ground)
  providePlugins(provide, ground)

  provide(Tokens.control, (get) => {
    const log = get(Tokens.log)
    return new Control({
      ...opened,
      config,
      log,
      providers: get(Tokens.providers),
      streams: get(Tokens.streams),
      tokens: get(Tokens.tokens),
      events: get(Tokens.events),
      reconciler: get(Tokens.reconciler),
      deadlines: get(Tokens.deadlines),
      feeds: get(Tokens.feeds),
      metrics: get(Tokens.metrics),
      listening: get(Tokens.listening),
      services: [get(Tokens.builder), get(Tokens.storage)],
      plugins: get(Tokens.plugins),
      buildServer: (ready) =>
        buildServer({
          ready,
          log,
          version: manifest.version,
          tokens: get(Tokens.tokens),
          authority: get(Tokens.authority),
          idempotency: get(Tokens.idempotency),
          recall: get(Tokens.recall),
          metrics: get(Tokens.metrics),
          exec: get(Tokens.exec),
          routes: (app) => registerRoutes(app, get, ground),
        }),
    })
  })
  return container
}
