import type { Comparison } from './comparison.ts'

/** `server=`, `local=`, `rev-server=`. */
export const serverComparisons: readonly Comparison[] = [
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
]
