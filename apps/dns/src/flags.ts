/** What the resolver's own command line takes, for `CommandLine`. */
export const flags = {
  home: 'value',
  dns: 'value',
  listen: 'value',
  admin: 'value',
  'admin-token-file': 'value',
  control: 'value',
  'token-file': 'value',
  upstream: 'list',
  'conf-file': 'value',
  allow: 'list',
  'rate-limit': 'value',
  'query-log': 'switch',
  workers: 'value',
  ttl: 'value',
} as const

/** For people: what stands for the value, and what it is. */
const descriptions: Readonly<Record<keyof typeof flags, readonly [value: string, what: string]>> = {
  home: ['DIR', "the platform's state (STANDIN_HOME): control is found by it, the last table is kept there"],
  dns: ['ADDRESS', 'where it listens, UDP and TCP; port 0: any. Default: 127.0.0.1:5354'],
  listen: ['ADDRESS', 'the same as --dns'],
  admin: ['ADDRESS', 'where health, metrics and what it serves can be read. Default: off'],
  'admin-token-file': ['FILE', 'who reads them has to show what this file holds'],
  control: ['URL', 'the control plane to follow; auto: as the home says. Default: auto, and nobody with --conf-file'],
  'token-file': ['FILE', "the token for it. Default: the home's"],
  upstream: ['ADDRESS', 'whom to ask for other names, again for more; none: nobody. Default: as /etc/resolv.conf says'],
  'conf-file': ['FILE', "dnsmasq's configuration file; read again on SIGHUP"],
  allow: ['NETWORK', 'who may ask besides this machine, again for more. Default: private networks'],
  'rate-limit': ['N', 'replies a second for one network over UDP; 0: any number. Default: 1000'],
  'query-log': ['', 'a line in the log for each query'],
  workers: ['N', 'processes that answer, from 1 to 128. Default: 1'],
  ttl: ['DURATION', 'how long an address of an environment may be kept. Default: 5s'],
}

/** What `--help` prints. */
export function usage(): string {
  const rows = Object.entries(descriptions).map(
    ([flag, [value, what]]) => [value === '' ? `--${flag}` : `--${flag} ${value}`, what] as const,
  )
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return [
    'The resolver of Standin, as one program: `standin start` and `standin dns` run it. It prints one line of JSON when it listens,',
    'and its log, JSON lines, to standard error. SIGHUP reads the configuration file again, SIGTERM ends it.',
    '',
    ...rows.map(([flag, what]) => `  ${flag.padEnd(width)}  ${what}`),
    '',
  ].join('\n')
}
