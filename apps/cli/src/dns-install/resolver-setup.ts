import { isIPv6 } from 'node:net'
import type { ServerAddress } from '../dig/ask-server.ts'

/** Who resolves names on a machine, and can be told to ask another server for one domain. */
export const setupKinds = ['systemd-resolved', 'networkmanager', 'macos'] as const
export type SetupKind = (typeof setupKinds)[number]

/** A file that points a machine's resolver at ours for one domain, and what makes it count. */
export interface ResolverSetup {
  readonly kind: SetupKind
  /** Below the root of the file system. */
  readonly file: string
  readonly content: string
  /** Null: the file counts at once. */
  readonly reload: readonly [program: string, ...args: string[]] | null
  /** What it can not do, for people; null: nothing is known. */
  readonly caveat: string | null
}

/** By which a file of ours is known; the next line says how to be rid of it. */
export const mark = '# Written by `standin dns install`; `standin dns install --remove` takes it away.'

/** @param domain its names, and all below it, are asked of `server`; where that listens on all addresses, at loopback */
export function setupFor(kind: SetupKind, domain: string, server: ServerAddress): ResolverSetup {
  const address = askedAt(server.address)
  const { port } = server
  switch (kind) {
    case 'systemd-resolved': {
      // resolved.conf(5): `~` means that the server is for this domain, and not that names are completed with it.
      const where = `${address.includes(':') ? `[${address}]` : address}:${port}`
      return {
        kind,
        file: '/etc/systemd/resolved.conf.d/standin.conf',
        content: `${mark}\n[Resolve]\nDNS=${where}\nDomains=~${domain}\n`,
        reload: ['systemctl', 'restart', 'systemd-resolved'],
        caveat: isBelowLocalhost(domain) ? answersLocalhost(domain) : null,
      }
    }
    case 'networkmanager':
      return {
        kind,
        file: '/etc/NetworkManager/dnsmasq.d/standin.conf',
        content: `${mark}\nserver=/${domain}/${address}#${port}\n`,
        reload: ['systemctl', 'reload', 'NetworkManager'],
        caveat: null,
      }
    case 'macos':
      // resolver(5): the file is called as the domain is.
      return {
        kind,
        file: `/etc/resolver/${domain}`,
        content: `${mark}\nnameserver ${address}\nport ${port}\n`,
        reload: null,
        caveat: null,
      }
  }
}

function isBelowLocalhost(domain: string): boolean {
  return domain === 'localhost' || domain.endsWith('.localhost')
}

/** systemd-resolved(8), "Synthetic records". */
function answersLocalhost(domain: string): string {
  return (
    `systemd-resolved asks nobody for names below localhost: all of ${domain} is 127.0.0.1 and ::1 for it. The gateway is found so, ` +
    'hosts with addresses of their own are not. `standin start --domain test-envs.internal` gives names that it asks for.'
  )
}

/** 0.0.0.0 and `::` are where a server listens, and not where anybody can be asked (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.2). */
function askedAt(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return isIPv6(address) && /^[0:]+(?:0\.0\.0\.0)?$/.test(address) ? '::1' : address
}
