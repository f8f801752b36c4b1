import type { PinnedServer } from '../processes.ts'

/** What all proxies of a comparison are given alike. */
export interface Setting {
  /** For configuration, logs and whatever else: gone when the comparison is over. */
  readonly directory: string
  /** Of the upstream, on loopback. */
  readonly upstream: number
  readonly domain: string
  /** PEM files, good for `*.<domain>`. */
  readonly certificate: string
  readonly key: string
}

export interface StartedProxy {
  readonly server: PinnedServer
  readonly http: number
  /** Null: it has no TLS. */
  readonly https: number | null
  readonly http2: boolean
}

/** A proxy that can be compared: one process (or one that does the work), access log to a file, connections kept alive. */
export interface Candidate {
  readonly name: string
  /** Program, and the Debian package that has it; undefined: nothing has to be installed. */
  readonly program?: { readonly name: string; readonly package: string }
  start(setting: Setting): Promise<StartedProxy>
}
