import type { Comparison } from './comparison.ts'

/** Hosts files and leases. */
export const hostComparisons: readonly Comparison[] = [
  {
    title: 'hosts files',
    file: `
      server=UP1
      local-ttl=7
      addn-hosts=DIR/h1
      addn-hosts=DIR/h2
      addn-hosts=DIR/more
      expand-hosts
      domain=dom.test
      local=/lan.test/
      domain=ranged.test,10.5.0.0/16
      domain=between.test,10.6.0.1,10.6.0.9
      domain=own.test,10.7.0.0/24,local
      host-record=multi.test,10.1.0.3
      host-record=owner.test,10.1.0.1
      cname=fromhosts.test,plain
      cname=name.lan.test,owner.test`,
    files: {
      h1: `
# comment
10.2.0.1 name.lan.test alias.lan.test
10.2.0.2 plain other.host # c
10.2.0.2 second2
10.2.0.3 multi.test
10.1.0.1 again.test
fd00::22 six.lan.test plain
10.2.0.4 UPPER.lan.test
10.2.0.5 bad_name.lan.test -dash.lan.test ok.lan.test
999.1.1.1 nope.lan.test
10.2.0.6
10.2.0.7 twice.lan.test
10.2.0.7 twice.lan.test
127.0.0.1 localhost
::1 localhost ip6-localhost
10.5.0.1 ranged
10.6.0.1 between
10.6.0.10 after
10.7.0.1 own
	10.2.0.8	tabbed.lan.test	
10.2.0.10 hash.lan.test#not.lan.test
`,
      h2: `
10.2.0.7 samereverse.lan.test
10.2.9.2 dotted.test.
10.2.9.3 plain
0.0.0.0 blocked.test
::ffff:10.2.9.4 mapped.test
`,
      'more/b': '10.3.0.1 later.test\n',
      'more/a': '10.3.0.1 earlier.test\n',
      'more/.hidden': '10.3.0.2 hidden.test\n',
      'more/backup~': '10.3.0.3 backup.test\n',
    },
    questions: `
      name.lan.test A,CNAME
      alias.lan.test A,AAAA
      1.0.2.10.in-addr.arpa PTR
      2.0.2.10.in-addr.arpa PTR
      plain A,AAAA,TXT
      plain.dom.test A,AAAA,TXT
      other.host A
      other.host.dom.test A
      second2 A
      second2.dom.test A
      multi.test A
      3.0.2.10.in-addr.arpa PTR
      again.test A
      1.0.1.10.in-addr.arpa PTR
      six.lan.test A,AAAA
      2.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa PTR
      upper.lan.test A
      4.0.2.10.in-addr.arpa PTR
      bad_name.lan.test A
      -dash.lan.test A
      ok.lan.test A
      nope.lan.test A
      twice.lan.test A
      7.0.2.10.in-addr.arpa PTR
      samereverse.lan.test A
      localhost A,AAAA
      localhost.dom.test A
      ip6-localhost AAAA
      1.0.0.127.in-addr.arpa PTR
      ranged A
      ranged.ranged.test A
      ranged.dom.test A
      1.0.5.10.in-addr.arpa PTR
      between.between.test A
      after.between.test A
      after.dom.test A
      own.own.test A
      x.own.test A,TXT
      own.test A
      9.0.7.10.in-addr.arpa PTR
      9.0.5.10.in-addr.arpa PTR
      tabbed.lan.test A
      hash.lan.test A
      dotted.test A
      2.9.2.10.in-addr.arpa PTR
      blocked.test A,AAAA
      0.0.0.0.in-addr.arpa PTR
      mapped.test A,AAAA
      fromhosts.test A,AAAA
      later.test A
      earlier.test A
      1.0.3.10.in-addr.arpa PTR
      hidden.test A
      backup.test A
      lan.test A
      x.lan.test A
      dom.test A
      x.dom.test A`,
  },
  {
    title: 'leases',
    asRoot: true,
    file: `
      server=UP1
      domain=dom.test
      local=/dom.test/
      local-ttl=5
      dhcp-ttl=9
      interface=lo
      dhcp-range=127.0.0.0,static
      dhcp-alternate-port=PORT
      dhcp-leasefile=DIR/leases
      dhcp-host=aa:bb:cc:dd:ee:ff,fixed,127.0.0.77
      dhcp-hostsfile=DIR/machines
      host-record=taken.dom.test,10.0.0.1
      host-record=other.test,127.0.0.10`,
    files: {
      leases: `9999999999 aa:bb:cc:00:00:01 127.0.0.5 laptop 01:aa:bb:cc:00:00:01
9999999999 aa:bb:cc:00:00:02 127.0.0.6 * *
9999999999 aa:bb:cc:00:00:03 127.0.0.7 taken *
1000 aa:bb:cc:00:00:04 127.0.0.8 expired *
0 aa:bb:cc:00:00:05 127.0.0.9 forever *
9999999999 aa:bb:cc:00:00:06 127.0.0.10 second *
`,
      machines: 'aa:bb:cc:dd:ee:01,set:tag,printer,127.0.0.78,infinite\naa:bb:cc:dd:ee:02,ignore\n',
    },
    questions: `
      laptop A,AAAA,TXT
      laptop.dom.test A,AAAA,TXT
      5.0.0.127.in-addr.arpa PTR
      6.0.0.127.in-addr.arpa PTR
      taken A
      taken.dom.test A
      7.0.0.127.in-addr.arpa PTR
      expired A
      expired.dom.test A
      forever A
      forever.dom.test A
      second.dom.test A
      10.0.0.127.in-addr.arpa PTR
      fixed.dom.test A ~ fixed-address: NOERROR 127.0.0.77
      printer.dom.test A ~ fixed-address: NOERROR 127.0.0.78
      78.0.0.127.in-addr.arpa PTR ~ fixed-address: NOERROR printer.dom.test.`,
  },
  {
    title: 'whole names of leases only',
    asRoot: true,
    file: `
      server=UP1
      domain=dom.test
      dhcp-fqdn
      interface=lo
      dhcp-range=127.0.0.0,static
      dhcp-alternate-port=PORT
      dhcp-leasefile=DIR/leases`,
    files: { leases: '9999999999 aa:bb:cc:00:00:01 127.0.0.5 laptop *\n' },
    questions: `
      laptop A
      laptop.dom.test A
      5.0.0.127.in-addr.arpa PTR`,
  },
  {
    title: "the machine's own hosts file",
    withSystemHosts: true,
    file: `
      server=UP1
      expand-hosts
      domain=dom.test
      addn-hosts=DIR/more`,
    files: { more: '127.0.0.1 later.test\n10.0.0.1 more.test\n' },
    questions: `
      localhost A
      localhost.dom.test A
      later.test A
      more.test A
      1.0.0.127.in-addr.arpa PTR`,
  },
]
