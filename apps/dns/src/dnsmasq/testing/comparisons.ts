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
  /** dnsmasq wants to be root for it. */
  readonly asRoot?: boolean
}

export const comparisons: readonly Comparison[] = [
  {
    title: 'address=',
    file: `
      server=UP1
      local-ttl=7
      address=/d.test/192.168.1.1
      address=/six.test/fd00::1
      address=/none.test/
      address=/zero.test/#
      address=/both.test/192.168.1.2
      address=/both.test/192.168.1.3
      address=/both.test/fd00::2
      address=/mix.test/192.168.1.4
      local=/mix.test/
      address=/served.test/192.168.1.5
      server=/served.test/UP2
      address=/part.zero.test/192.168.1.6
      address=/zeroes.test/#
      address=/zeroes.test/192.168.1.7
      address=/one.test/two.test/192.168.1.8
      address=/UPPER.Test/192.168.1.9
      address=/dotted.test./192.168.1.10
      address=/.leading.test/192.168.1.11
      address=/*ending.test/192.168.1.12
      address=/*.below.test/192.168.1.13
      address=/deep.d.test/192.168.1.14
      address=/void.d.test/
      address=/open.d.test/#
      address=/back.test/192.168.1.15
      server=/back.test/#
      host-record=h.d.test,10.0.0.6
      host-record=h.none.test,10.0.0.7
      txt-record=t.none.test,x
      txt-record=t.d.test,y`,
    questions: `
      d.test A,TXT,MX,CNAME,SOA,NS
      d.test AAAA ~ other-family: NOERROR
      d.test HTTPS ~ other-family: NOERROR
      x.y.d.test A,TXT
      X.Y.D.TEST A
      x.y.d.test AAAA ~ other-family: NOERROR
      xd.test A,AAAA
      d.test.other A
      six.test AAAA,TXT
      six.test A ~ other-family: NOERROR
      none.test A,AAAA,TXT,SOA,NS,HTTPS
      x.none.test A,AAAA,TXT,MX,SRV
      h.none.test A,AAAA,TXT
      x.h.none.test A
      t.none.test TXT,A
      t.d.test TXT,A
      zero.test A,AAAA,TXT
      x.zero.test A,AAAA
      part.zero.test A
      part.zero.test AAAA ~ other-family: NOERROR
      zeroes.test A,AAAA,TXT
      both.test A,AAAA,TXT
      x.both.test A,AAAA
      mix.test A,AAAA,TXT
      x.mix.test A,AAAA,TXT
      served.test A,AAAA,TXT
      back.test A,AAAA,TXT
      one.test A
      x.two.test A
      upper.test A
      dotted.test A
      leading.test A
      x.leading.test A
      ending.test A,TXT
      x.ending.test A
      xending.test A
      x.xending.test A
      ending.test.other A
      below.test A
      x.below.test A
      xbelow.test A
      x.deep.d.test A
      x.void.d.test A,AAAA,TXT
      x.open.d.test A,AAAA
      h.d.test A,TXT
      h.d.test AAAA ~ other-family: NOERROR
      both.test ANY ~ any: NOERROR 075246433834383200`,
  },
  {
    title: 'server= and local=',
    file: `
      server=UP1
      server=/up2.test/UP2
      server=/deep.up2.test/UP3
      server=/back.up2.test/#
      server=//UP3
      server=/single/UP2
      server=/a.test/b.test/UP2
      server=/.dot.test/UP2
      server=/*wild.test/UP2
      server=/*.sub.test/UP2
      server=/x.wild.test/UP3
      server=/two.test/UP2
      server=/two.test/UP2
      local=/l.test/
      server=/l2.test/
      server=/up.l.test/UP2
      local=/l3.test/
      server=/l3.test/UP2
      address=/l4.test/
      server=/l4.test/UP2
      server=/l5.test/UP3
      server=/l5.test/#
      local=/l6.test/
      server=/l6.test/#
      local=/*lend.test/
      local=/up2x.test/
      rev-server=192.168.4.0/24,UP2
      rev-server=192.168.16.0/20,UP2
      rev-server=10.0.0.0/9,UP3
      rev-server=192.168.5.9,UP2
      rev-server=192.168.6.0/24
      rev-server=fd00:1::/32,UP2
      rev-server=fd00:8::/30,UP3
      host-record=h.l.test,10.200.0.1
      host-record=e.e.deep.l.test,10.200.0.2
      txt-record=only.txt.l.test,x
      ptr-record=_svc._tcp.l.test,i._svc._tcp.l.test
      srv-host=_a._tcp.srv.l.test,t.test,80
      mx-host=mail.l.test,t.test
      cname=c.l.test,h.l.test`,
    questions: `
      other.test A,AAAA,TXT,MX,SRV,PTR,NS,SOA
      up2.test A,AAAA,TXT,MX
      x.up2.test A
      x.deep.up2.test A
      deep.up2.test TXT
      x.back.up2.test A
      xup2.test A
      plain A,AAAA,TXT,MX
      single A,TXT
      x.single A
      q.a.test A
      b.test A
      dot.test A
      q.dot.test A
      wild.test A
      q.wild.test A
      qwild.test A
      q.x.wild.test A
      qx.wild.test A
      sub.test A
      q.sub.test A
      p.q.sub.test A
      qsub.test A
      two.test A
      l.test A,TXT
      x.l.test A,AAAA,TXT,SOA,NS,DS,HTTPS,PTR
      l2.test A
      x.l2.test A,TXT
      x.up.l.test A
      l3.test A,TXT
      l4.test A,AAAA,TXT
      l5.test A
      l6.test A,TXT
      xlend.test A
      x.lend.test TXT
      h.l.test A,AAAA,TXT,MX,CNAME
      x.h.l.test A
      e.deep.l.test A,MX
      deep.l.test A
      xdeep.l.test A
      txt.l.test A
      only.txt.l.test TXT,A
      _svc._tcp.l.test PTR,A
      _tcp.l.test A
      _a._tcp.srv.l.test SRV,A
      srv.l.test A
      mail.l.test MX,A
      c.l.test A,AAAA,TXT,CNAME
      nx1.test A
      nodata1.test A,AAAA
      nx2.up2.test A
      1.4.168.192.in-addr.arpa PTR
      1.16.168.192.in-addr.arpa PTR
      1.31.168.192.in-addr.arpa PTR
      1.32.168.192.in-addr.arpa PTR
      9.5.168.192.in-addr.arpa PTR
      8.5.168.192.in-addr.arpa PTR
      1.6.168.192.in-addr.arpa PTR,A
      1.1.127.10.in-addr.arpa PTR
      1.1.128.10.in-addr.arpa PTR
      1.1.0.0.0.0.0.d.f.ip6.arpa PTR
      1.1.0.0.0.0.d.f.ip6.arpa PTR
      1.8.0.0.0.0.0.d.f.ip6.arpa PTR
      1.b.0.0.0.0.0.d.f.ip6.arpa PTR
      1.c.0.0.0.0.0.d.f.ip6.arpa PTR
      1.7.0.0.0.0.0.d.f.ip6.arpa PTR`,
  },
  {
    title: 'names of the file',
    file: `
      server=UP1
      local-ttl=7
      domain=dom.test
      host-record=first.test,second.test,10.1.0.1
      host-record=ttl.test,10.1.0.2,fd00::12,99
      host-record=multi.test,10.1.0.3
      host-record=multi.test,10.1.0.4
      host-record=short,10.1.0.5
      host-record=twice.test,10.1.0.6
      host-record=twice.test,10.1.0.6
      host-record=again.test,10.1.0.1
      host-record=Case.Test,10.1.0.7
      host-record=dots.test.,10.1.0.8
      host-record=under_score.test,10.1.0.9
      cname=al1,al2.test,first.test,55
      cname=chain1.test,chain2.test
      cname=chain2.test,chain3.test,9
      cname=chain3.test,first.test
      cname=cshort.test,short
      cname=nowhere.test,elsewhere.test
      cname=WWW.Case.test,Case.test
      cname=hides.test,first.test
      host-record=hides.test,10.1.0.10
      txt-record=hides.test,hidden
      cname=tod.test.,dots.test.
      cname=todomain.test,x.domain.test
      address=/domain.test/10.1.9.9
      txt-record=txt.test
      txt-record=txt2.test,one,two,"three, four"
      txt-record=txt3.test,"quote \\" and # and \\\\"
      txt-record=txt4.test,un quoted  spaces
      txt-record=txt5.test,a
      txt-record=txt5.test,b
      txt-record=first.test,text # a comment
      txt-record=hash.test,a#b
      txt-record=v1.test,"v=spf1 ip4:10.0.0.0/8 -all"
      txt-record=umlaut.test,grüße
      srv-host=_x._udp,t.test,5
      srv-host=_x._udp.dom.test,t2.test,6,7
      srv-host=_y._tcp.full.test,t.test,80,1,2
      srv-host=_y._tcp.full.test,t2.test,81
      srv-host=_z._tcp.none.test
      srv-host=_only
      mx-host=mxa.test,a.test,10
      mx-host=mxa.test,b.test,20
      mx-host=mxb.test,b.test
      mx-host=mxc.test
      mx-host=mxd.test,10
      mx-target=mxt.test
      ptr-record=p.test,target.test
      ptr-record=9.0.1.10.in-addr.arpa,nine.test
      ptr-record=20.0.1.10.in-addr.arpa,a.test
      ptr-record=20.0.1.10.in-addr.arpa,b.test
      ptr-record=1.0.1.10.in-addr.arpa,other.test
      caa-record=caa.test,0,issue,letsencrypt.org
      naptr-record=nap.test,10,20,s,SIP+D2U,,_sip._udp.nap.test
      naptr-record=nap2.test,10,20,u,E2U+sip,!^.*$!sip:info@example.com!
      dns-rr=rr.test,51,01:23:45
      dns-rr=rr2.test,99,012345`,
    questions: `
      first.test A,AAAA,TXT,MX,PTR
      second.test A
      1.0.1.10.in-addr.arpa PTR
      ttl.test A,AAAA
      2.0.1.10.in-addr.arpa PTR
      2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa PTR
      multi.test A
      3.0.1.10.in-addr.arpa PTR
      4.0.1.10.in-addr.arpa PTR,A,TXT
      short A,AAAA
      short.dom.test A
      twice.test A
      again.test A
      case.test A
      CASE.TEST A
      dots.test A
      8.0.1.10.in-addr.arpa PTR
      under_score.test A
      al1 A,CNAME
      al2.test A,TXT,CNAME
      chain1.test A,CNAME,MX
      chain2.test A
      cshort.test A
      nowhere.test A,AAAA,TXT,CNAME
      www.case.test A,CNAME
      hides.test A,TXT,CNAME
      10.0.1.10.in-addr.arpa PTR
      tod.test A
      todomain.test A ~ alias-to-address: NOERROR x.domain.test. 10.1.9.9
      todomain.test CNAME
      txt.test TXT
      txt2.test TXT
      txt3.test TXT
      txt4.test TXT
      txt5.test TXT
      hash.test TXT
      v1.test TXT
      umlaut.test TXT
      _x._udp.dom.test SRV
      _x._udp SRV
      _y._tcp.full.test SRV
      _z._tcp.none.test SRV
      _only SRV
      mxa.test MX
      mxb.test MX
      mxc.test MX
      mxd.test MX
      p.test PTR,A
      9.0.1.10.in-addr.arpa PTR
      20.0.1.10.in-addr.arpa PTR
      caa.test CAA,A
      nap.test NAPTR
      nap2.test NAPTR
      rr.test 51
      rr2.test 99
      first.test ANY ~ any: NOERROR 075246433834383200`,
  },
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
    title: 'all names at once',
    file: `
      server=UP1
      address=/#/192.168.1.1
      address=/*six.test/fd00::6
      local=//
      server=/up.test/UP2
      local=/l.test/
      host-record=h.test,10.0.0.1`,
    questions: `
      a.test A,TXT,MX
      a.test AAAA ~ other-family: NOERROR
      x.up.test A,AAAA,TXT
      x.l.test A,AAAA,TXT
      xsix.test AAAA,TXT
      plain A,AAAA,TXT
      h.test A,TXT
      h.test AAAA ~ other-family: NOERROR`,
  },
  {
    title: 'no servers at all',
    file: `
      address=/d.test/192.168.1.1
      local=/l.test/
      server=/up.test/UP1
      host-record=h.test,10.0.0.1
      txt-record=t.l.test,x`,
    questions: `
      d.test A
      d.test TXT
      other.test A,AAAA,TXT
      plain A
      x.l.test A
      t.l.test TXT,A
      up.test A
      h.test A
      h.test AAAA,TXT`,
  },
  {
    title: 'an address of another kind under a local domain',
    file: `
      server=UP1
      local=/parent.test/
      address=/a.parent.test/192.168.1.1
      server=/up.parent.test/UP2
      address=/a.up.parent.test/192.168.1.2
      local=/b.up.parent.test/
      server=/c.up.parent.test/#`,
    questions: `
      a.parent.test A
      a.parent.test AAAA ~ other-family: NOERROR
      a.parent.test TXT ~ exists: NOERROR
      x.a.parent.test MX ~ exists: NOERROR
      x.parent.test A,AAAA,TXT
      x.up.parent.test A,AAAA,TXT
      x.a.up.parent.test A,TXT
      x.a.up.parent.test AAAA ~ other-family: NOERROR
      x.b.up.parent.test A
      x.c.up.parent.test A,TXT
      parent.test A`,
  },
  {
    title: 'times',
    file: `
      server=UP1
      local-ttl=600
      max-ttl=100
      host-record=h.test,10.0.0.1
      host-record=own.test,10.0.0.2,900
      cname=c.test,h.test,800
      address=/d.test/10.0.0.3`,
    questions: `
      h.test A
      own.test A
      c.test A
      x.d.test A
      any.test A,AAAA,TXT
      short.test A
      long.test A`,
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
  {
    title: 'strict-order',
    file: `
      strict-order
      server=UP2
      server=UP1
      server=/three.test/UP3
      server=/three.test/UP1`,
    questions: `
      one.test A
      two.test A
      x.three.test A
      four.test TXT`,
  },
  {
    title: 'how lines are written',
    file: `
      # a comment
        server = UP1   # another
      conf-file=DIR/included.conf
      conf-dir=DIR/conf.d,*.conf
      conf-dir=DIR/conf2.d,.bak
      address = /spaces.test/10.0.0.2
      address="/quoted.test/10.0.0.3"
      host-record = blanks.test , 10.0.0.4 , fd00::4
      txt-record=tab.test,"a\\tb"
      no-negcache
      dhcp-option=3,10.0.0.1
      bind-interfaces
      expand-hosts # and
      addn-hosts=DIR/hosts`,
    files: {
      'included.conf': 'address=/included.test/10.0.0.5\nconf-file=DIR/nested.conf\n',
      'nested.conf': 'local=/nested.test/\nhost-record=a.nested.test,10.0.0.6\nconf-file=DIR/included.conf\n',
      'conf.d/a.conf': 'address=/inside.test/10.0.0.7\n',
      'conf.d/b.txt': 'address=/outside.test/10.0.0.8\n',
      'conf.d/.c.conf': 'address=/hidden.test/10.0.0.9\n',
      'conf2.d/d': 'address=/second.test/10.0.0.10\n',
      'conf2.d/e.bak': 'address=/backup.test/10.0.0.11\n',
      'conf2.d/f~': 'address=/editor.test/10.0.0.12\n',
      hosts: '10.0.0.13 nodomain\n',
    },
    questions: `
      included.test A
      a.nested.test A,AAAA
      b.nested.test A
      inside.test A
      outside.test A
      hidden.test A
      second.test A
      backup.test A
      editor.test A
      spaces.test A
      quoted.test A
      blanks.test A,AAAA
      tab.test TXT
      nodomain A
      forwarded.test A`,
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
]
