import type { Clock, Provider } from '@standin/core'
import type { DestinationStream } from 'pino'
import type { ControlConfig } from '../config.ts'
import type { placeOf } from '../listening.ts'
import type { OpenedHome } from '../open-home.ts'
import type { PluginLimits } from '../plugins/plugin-life.ts'
import type { ReadPlugins } from '../plugins/read-plugins.ts'
import type { PartToken } from './tokens.ts'

export interface ContainerOptions {
  /** Instead of the ones that come with Standin. For tests. */
  readonly providers?: readonly Provider[]
  /** What the list of plugins is taken from. */
  readonly plugins?: () => Promise<ReadPlugins>
  readonly pluginLimits?: Partial<PluginLimits>
  /** For tests that set the time. */
  readonly clock?: Clock
  /** Where the log goes; default: standard error. */
  readonly logTo?: DestinationStream
}

/** What all parts stand on. */
export interface Ground {
  readonly config: ControlConfig
  readonly opened: OpenedHome
  readonly options: ContainerOptions
  readonly clock: Clock
  readonly place: ReturnType<typeof placeOf>
  readonly now: () => number
}

export type Get = <P>(part: PartToken<P>) => P
/** Says what a part is made of; it is made when it is first asked for. */
export type Provide = <T>(part: PartToken<T>, make: (get: Get) => T) => void
