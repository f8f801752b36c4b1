import type { Comparison } from './comparison.ts'

/** What is not forwarded, not let through, or not kept for long. */
export const limitComparisons: readonly Comparison[] = [
  {
    title: 'bogus-priv',
    file: `
      server=UP1
      bogus-priv
      server=/1.168.192.in-addr.arpa/UP2
      server=/2.168.192.in-addr.arpa/#
      local=/3.168.192.in-addr.arpa/
      rev-server=10.9.0.0/16,UP3
      host-record=h.test,10.0.0.5
      ptr-record=7.0.0.10.in-addr.arpa,seven.test`,
    questions: `
      5.0.0.10.in-addr.arpa PTR,A,TXT
      6.0.0.10.in-addr.arpa PTR,A,TXT
      7.0.0.10.in-addr.arpa PTR
      8.1.168.192.in-addr.arpa PTR
      8.2.168.192.in-addr.arpa PTR
      8.3.168.192.in-addr.arpa PTR,A
      8.4.168.192.in-addr.arpa PTR
      1.1.9.10.in-addr.arpa PTR
      1.1.10.10.in-addr.arpa PTR
      168.192.in-addr.arpa PTR,NS
      10.in-addr.arpa PTR ~ name-above: NOERROR
      1.1.0.0.in-addr.arpa PTR
      1.0.0.127.in-addr.arpa PTR
      1.1.254.169.in-addr.arpa PTR
      1.1.253.169.in-addr.arpa PTR
      1.1.64.100.in-addr.arpa PTR
      1.2.0.192.in-addr.arpa PTR
      1.1.0.192.in-addr.arpa PTR
      1.100.51.198.in-addr.arpa PTR
      1.113.0.203.in-addr.arpa PTR
      255.255.255.255.in-addr.arpa PTR
      254.255.255.255.in-addr.arpa PTR
      1.1.1.224.in-addr.arpa PTR
      1.1.15.172.in-addr.arpa PTR
      1.1.16.172.in-addr.arpa PTR
      1.1.31.172.in-addr.arpa PTR
      1.1.32.172.in-addr.arpa PTR
      1.18.198.in-addr.arpa PTR
      1.1.1.1.in-addr.arpa PTR
      in-addr.arpa PTR,NS
      ip6.arpa PTR
      x.10.in-addr.arpa PTR
      lb._dns-sd._udp.1.1.4.168.192.in-addr.arpa PTR
      1.4.168.192.IN-ADDR.ARPA PTR
      d.f.ip6.arpa PTR
      1.d.f.ip6.arpa PTR
      f.ip6.arpa PTR
      1.c.f.ip6.arpa PTR
      1.8.e.f.ip6.arpa PTR
      1.b.e.f.ip6.arpa PTR
      1.c.e.f.ip6.arpa PTR
      1.7.e.f.ip6.arpa PTR
      g.d.f.ip6.arpa PTR
      11.d.f.ip6.arpa PTR
      8.b.d.0.1.0.0.2.ip6.arpa PTR
      5.8.b.d.0.1.0.0.2.ip6.arpa PTR
      9.b.d.0.1.0.0.2.ip6.arpa PTR
      1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa PTR
      0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa PTR
      2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa PTR`,
  },
  {
    title: 'servers for private addresses, without bogus-priv',
    file: `
      server=UP1
      server=/10.in-addr.arpa/#
      server=/168.192.in-addr.arpa/UP2
      server=/9.168.192.in-addr.arpa/#
      local=/16.172.in-addr.arpa/`,
    questions: `
      5.0.0.10.in-addr.arpa PTR,TXT
      10.in-addr.arpa SOA
      8.1.168.192.in-addr.arpa PTR
      8.9.168.192.in-addr.arpa PTR
      168.192.in-addr.arpa NS
      1.0.16.172.in-addr.arpa PTR
      1.0.17.172.in-addr.arpa PTR`,
  },
  {
    title: 'domain-needed',
    file: `
      server=UP1
      domain-needed
      server=/single/UP2
      server=//UP3
      address=/tld/192.168.1.1
      local=/onlylocal/
      host-record=here,10.0.0.1
      host-record=x.above,10.0.0.2
      txt-record=text,hello`,
    questions: `
      unknown A,AAAA,TXT,MX,SRV,NS
      other ANY
      single A,AAAA,TXT
      x.single A,TXT
      tld A,TXT
      tld AAAA ~ other-family: NOERROR
      x.tld A
      onlylocal A,TXT
      here A,AAAA,TXT
      above A,AAAA
      x.above A,AAAA
      text TXT,A
      with.dot A,AAAA,TXT
      . NS,SOA`,
  },
  {
    title: 'caps of the cache',
    file: `
      server=UP1
      min-cache-ttl=60
      max-cache-ttl=1000`,
    questions: `
      any.test A
      short.test A
      long.test A`,
  },
  {
    title: 'answers that are not let through',
    file: `
      server=UP1
      stop-dns-rebind
      rebind-domain-ok=/ok.test/
      rebind-domain-ok=/ok2.test/ok3.test/
      bogus-nxdomain=198.51.100.0/24
      server=/served.test/UP2`,
    questions: `
      any.test A
      private.test A
      private.ok.test A
      private.x.ok2.test A
      private.ok3.test A
      loop.test A
      loop.ok.test A
      private.served.test A`,
  },
  {
    title: 'bogus-nxdomain',
    file: `
      server=UP1
      bogus-nxdomain=198.51.100.0/24
      bogus-nxdomain=10.0.0.1`,
    questions: `
      any.test A
      bogus.test A
      private.test A
      loop.test A`,
  },
  {
    title: 'rebind-localhost-ok',
    file: `
      server=UP1
      stop-dns-rebind
      rebind-localhost-ok`,
    questions: `
      private.test A
      loop.test A
      any.test A`,
  },
]
