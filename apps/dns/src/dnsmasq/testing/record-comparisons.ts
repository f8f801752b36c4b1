import type { Comparison } from './comparison.ts'

/** Records of the file, and their times. */
export const recordComparisons: readonly Comparison[] = [
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
      chain1.test A,CNAME
      chain1.test MX ~ alias-elsewhere: NOERROR chain2.test. chain3.test. first.test. 5 u.1.
      chain2.test A
      cshort.test A
      nowhere.test CNAME
      nowhere.test A ~ alias-elsewhere: NOERROR 192.0.2.1 elsewhere.test.
      nowhere.test TXT ~ alias-elsewhere: NOERROR 027531 elsewhere.test.
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
]
