import type { Comparison } from './comparison.ts'

/** `address=`, alone and with others. */
export const addressComparisons: readonly Comparison[] = [
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
]
