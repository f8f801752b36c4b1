import type { UpstreamServer } from './dnsmasq/settings.ts'
import type { ListenAddress } from './server/dns-server.ts'

/** What the command line says. Plain JSON: workers get it as it is. */
export interface DnsConfig {
  /** STANDIN_HOME: the last good table is kept below it, and control is found by what it writes there. */
  readonly home: string
  /** Where queries are taken, UDP and TCP. Port 0: any. */
  readonly listen: ListenAddress
  /** Where health, metrics and the table are shown; null: nowhere. */
  readonly admin: { readonly host: string; readonly port: number } | null
  readonly adminTokenFile: string | null
  /** Address of control; undefined: as `run/control.json` below the home says. */
  readonly control: string | undefined
  readonly tokenFile: string | undefined
  /** Whom foreign names are asked of, in this order; undefined: as /etc/resolv.conf says; empty: nobody. */
  readonly upstreams: readonly UpstreamServer[] | undefined
  /** dnsmasq's configuration file. */
  readonly confFile: string | undefined
  /** There is no control plane: nothing but the file says which names there are. */
  readonly isAlone: boolean
  /** Seconds that an address of an environment may be kept by who asked; undefined: as usual. */
  readonly ttl: number | undefined
  /** Networks that may ask besides this machine, `10.0.0.0/8`; empty: private ones. */
  readonly allow: readonly string[]
  /** Replies a second that one client network may get over UDP, of each process; 0: any number; undefined: as usual. */
  readonly rateLimit: number | undefined
  /** A line in the log for each query. dnsmasq's `log-queries` does the same. */
  readonly queryLog: boolean
  /** Processes that answer; above 1, the first one only follows control. */
  readonly workers: number
}
