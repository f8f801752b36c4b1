import type { OptionSpec } from './verb.ts'

/** What `standin start` and `standin gateway` hand to the gateway as it is: it checks all of it, and tells every fault at once. */
export const gatewayFlags: readonly OptionSpec[] = [
  { flags: '--workers <n>', description: 'processes that serve requests, from 1 to 128', default: '1' },
  { flags: '--trusted <network>', description: 'believe X-Forwarded-* and Forwarded from there, e.g. 10.0.0.0/8', repeat: true },
  { flags: '--proxy-protocol <network>', description: 'connections from there begin with a PROXY header', repeat: true },
  { flags: '--probe <probe>', description: 'who wakes nothing and is no activity: kube-probe/, path:/healthz, network:…', repeat: true },
  { flags: '--max-connections <n>', description: 'connections of all clients, for each process', default: '20000' },
  { flags: '--max-connections-per-client <n>', description: 'from one address; 1024, and any number from this machine' },
  { flags: '--max-header-bytes <n>', description: 'of a request, from 1024', default: '65536' },
  { flags: '--header-timeout <duration>', description: 'how long the head of a request may take', default: '20s' },
  { flags: '--idle-timeout <duration>', description: 'how long a connection waits for the next request', default: '65s' },
  { flags: '--stall-timeout <duration>', description: 'how long a client may neither send its body nor take its answer', default: '60s' },
  { flags: '--handshake-timeout <duration>', description: 'how long a TLS handshake may take', default: '10s' },
]

type Options = Readonly<Record<string, unknown>>

/** The values of these flags as a command line: `{maxConnections: '5'}` is `--max-connections 5`. */
export function gatewayArgs(specs: readonly OptionSpec[], options: Options): string[] {
  return specs.flatMap(({ flags }) => {
    const flag = /^--([a-z-]+)/.exec(flags)?.[1] ?? ''
    const value = options[flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]
    if (value === undefined || value === false) return []
    if (value === true) return [`--${flag}`]
    return [value].flat().flatMap((each) => [`--${flag}`, String(each)])
  })
}
