import type { OptionSpec } from './verb.ts'

/** What `standin dns` hands to the resolver as it is; `standin start` has the same with `dns` in front. The resolver checks all of it. */
export const resolverFlags: readonly OptionSpec[] = [
  { flags: '--workers <n>', description: 'processes that answer, from 1 to 128', default: '1' },
  {
    flags: '--allow <network>',
    description: 'who may ask besides this machine, e.g. 192.0.2.0/24, in place of private networks',
    repeat: true,
  },
  { flags: '--rate-limit <n>', description: 'replies a second for one network over UDP; 0: any number', default: '1000' },
  { flags: '--query-log', description: 'a line in the log for each query' },
]

/** The same for `standin start`: `--dns-workers`. */
export const platformResolverFlags: readonly OptionSpec[] = [
  { flags: '--dns-conf <file>', description: "names of dnsmasq's file beside those of environments", completes: 'path' },
  {
    flags: '--dns-upstream <address>',
    description: 'whom the resolver asks for other names; as /etc/resolv.conf says; none: nobody',
    repeat: true,
  },
  { flags: '--dns-ttl <duration>', description: 'how long an address of an environment may be kept', default: '5s' },
  { flags: '--dns-admin <address>', description: 'where the resolver shows its health, metrics and records', default: 'off' },
  ...resolverFlags.map((spec) => ({ ...spec, flags: spec.flags.replace('--', '--dns-') })),
]

type Options = Readonly<Record<string, unknown>>

/** What these flags of `standin start` are on the resolver's own command line. */
export function platformResolverArgs(options: Options): string[] {
  const list = (flag: string, value: unknown) => (value === undefined ? [] : [value].flat().flatMap((each) => [flag, String(each)]))
  return [
    // With a file it would follow nobody, unless it is told to.
    ...(options.dnsConf === undefined ? [] : ['--conf-file', String(options.dnsConf), '--control', 'auto']),
    ...list('--upstream', options.dnsUpstream),
    ...list('--ttl', options.dnsTtl),
    ...list('--admin', options.dnsAdmin),
    ...list('--workers', options.dnsWorkers),
    ...list('--allow', options.dnsAllow),
    ...list('--rate-limit', options.dnsRateLimit),
    ...(options.dnsQueryLog === true ? ['--query-log'] : []),
  ]
}

/** What a flag of the resolver is called there: `--upstream` is `--dns-upstream`. */
export function platformResolverFlag(flag: string): string {
  if (flag === '--conf-file') return '--dns-conf'
  if (flag === '--listen') return '--dns'
  return flag === '--dns' || !flag.startsWith('--') ? flag : flag.replace('--', '--dns-')
}
