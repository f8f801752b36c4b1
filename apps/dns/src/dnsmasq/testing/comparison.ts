/** A configuration and what is asked of it. */
export interface Comparison {
  readonly title: string
  /** `UP1` to `UP3` stand for upstreams, `DIR` for the folder of the file, `PORT` for one that is free. `no-resolv` and `no-hosts` are there already. */
  readonly file: string
  /** Further files, by name. */
  readonly files?: Readonly<Record<string, string>>
  /**
   * A name and types a line. `name TYPE ~ ROW: what we answer` is a difference that the guide's table has in the row `ROW`.
   * The answer is the rcode and the records' data.
   */
  readonly questions: string
  /** Without `no-hosts`: the machine's own hosts file counts. */
  readonly withSystemHosts?: boolean
  /** dnsmasq wants to be root for it. */
  readonly asRoot?: boolean
}
