import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StandinError } from '@standin/client/errors'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireName } from '../wire/name.ts'
import { noticeText, readConfiguration } from './read-configuration.ts'
import { defaultForwarding } from './settings.ts'
import { dnsmasqOptions, dnsmasqTakes, hasDnsmasq } from './testing/dnsmasq-process.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-dnsmasq-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function written(text: string, name = 'dnsmasq.conf'): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** Fault by fault, `line: message`. */
function faultsOf(text: string): string[] {
  const file = written(text)
  try {
    readConfiguration(file)
    return []
  } catch (cause) {
    const { code, errors = [] } = cause as StandinError
    expect(code).toBe('invalid')
    return errors.map(({ path, message }) => `${path.replace(`${file}:`, '')}: ${message}`)
  }
}

describe('faults of a configuration', () => {
  it('name the file, the line and the option, all of them at once, as they stand there', () => {
    const inner = written('port=x\n', 'inner.conf')
    expect(
      faultsOf(`no-resolv\naddress=/d/10.0.0\n\nno-such-option=1\nconf-file=${inner}\nno-hosts=1\ncache-size\nconf-file=/no/such\n`),
    ).toEqual([
      '2: address: "10.0.0" is no IP address (nor # for 0.0.0.0 and ::)',
      '4: no-such-option: there is no such option',
      '6: no-hosts: takes no value',
      '7: cache-size: needs a value',
      '8: conf-file: can not read /no/such: it is not there',
      `${inner}:1: port: "x" is no port (a number from 0 to 65535)`,
    ])
  })

  it('name the option that was probably meant', () => {
    const told = (option: string, meant: string) => `${option}: there is no such option: did you mean ${meant}?`
    expect(faultsOf('adress=/d/192.0.2.1\nServer=192.0.2.1\nno-resolve\nconf-fiel=x\nxyz')).toEqual([
      `1: ${told('adress', 'address')}`,
      `2: ${told('Server', 'server')}`,
      `3: ${told('no-resolve', 'no-resolv')}`,
      `4: ${told('conf-fiel', 'conf-file')}`,
      '5: xyz: there is no such option',
    ])
  })

  it('are a file that is not there, a folder in its place, a line without an option', () => {
    expect(() => readConfiguration('/no/such')).toThrow(/^\/no\/such: can not be read: it is not there$/)
    expect(() => readConfiguration('/no/such')).toThrow(expect.objectContaining({ hint: expect.stringContaining('one that can be read') }))
    expect(() => readConfiguration(folder)).toThrow(/: can not be read: it is a folder; conf-dir/)
    expect(faultsOf('no-hosts\n = x')).toEqual(['2: = x: an option has to stand before the ='])
  })

  it('are options that would make other answers than ours', () => {
    expect(faultsOf('dnssec\nfilter-AAAA\nalias=10.0.0.1,10.0.0.2')).toEqual(
      ['dnssec', 'filter-AAAA', 'alias'].map(
        (option, index) => `${index + 1}: ${option}: is not supported, and without it some answers would be other ones`,
      ),
    )
  })

  it('are not options that can do no harm: those are warnings', () => {
    const configuration = readConfiguration(written('dhcp-option=3,10.0.0.1\nenable-tftp\nuser=nobody\ninterface=eth0'))
    expect(configuration.warnings.map(noticeText).map((text) => text.replace(/^.*conf:/, ''))).toEqual([
      '1: dhcp-option is passed over: leases are given by another program',
      '2: enable-tftp is passed over: no files are served',
      '3: user is passed over: the process is run by whoever starts it',
      '4: interface is passed over: where to listen is said by listen-address or --listen',
    ])
  })
})

/** Lines that make no sense, of which dnsmasq says nothing. */
const stricter = [
  'address=1.2.3.4',
  'address=/d..test/1.2.3.4',
  'address=/d test/1.2.3.4',
  'server=1.2.3.4#0',
  'server=1.2.3.4@lo',
  'server=fe80::1%lo',
  'host-record=a.test,1.2.3.4,b..test',
]

const taken = [
  'address=/d.test/1.2.3.4',
  ' address = /d.test/1.2.3.4  ',
  'address=/d.test/# # comment',
  'address=/d.test/',
  'address=/#/1.2.3.4',
  'address=/*d.test/1.2.3.4',
  'address=//1.2.3.4',
  'address=',
  'server=',
  'server=1.2.3.4',
  'server=1.2.3.4#5353',
  'server=/d/#',
  'server=#',
  'server=/d/1.2.3.4@127.0.0.1',
  'server=1.2.3.4@127.0.0.1#99',
  'server=fd00::1',
  'server=fd00::1#5353',
  'local=/d/',
  'local=//',
  'local=1.2.3.4',
  'domain-needed',
  'bogus-nxdomain=1.2.3.0/24',
  'bogus-nxdomain=fd00::/8',
  'local-ttl=5',
  'min-cache-ttl=7200',
  'cache-size=99999999',
  'listen-address=127.0.0.1,::1',
  'host-record=a.test,1.2.3.4,5',
  'host-record=a.test,5,1.2.3.4',
  'host-record=a.test,,fd00::1',
  'host-record=a_b.test,1.2.3.4',
  'host-record=a.test.,1.2.3.4',
  'cname=a.test, b.test',
  'cname=a.test,b.test,c.test,5',
  'ptr-record=a.test',
  'ptr-record=',
  'txt-record=a.test,',
  'txt-record=a.test,"x" y',
  'srv-host=_a._b.c',
  'srv-host=_a._b.c,t,,1',
  'srv-host=',
  'mx-host=a.test,10',
  'addn-hosts=/nosuch',
  'domain=x.test,10.0.0.0/24,local',
  'domain=x.test,10.0.0.1,10.0.0.9',
  'resolv-file=/nosuch',
  'rebind-domain-ok=/a.test/b.test/',
  'rebind-domain-ok=a.test',
  'rebind-domain-ok=',
  'log-queries',
  'log-queries=extra',
  'conf-file=',
  'conf-dir=',
  'dhcp-hostsfile=/nosuch',
  'no-resolv # x',
  '"no-hosts"',
  'rev-server=10.0.0.0/20,1.2.3.4',
  'rev-server=10.0.0.0,1.2.3.4',
  'rev-server=10.0.0.0/24',
  'dns-rr=a.test,51',
]

const refused = [
  'address=/d.test/1.2.3.4# comment',
  'address=/d.test',
  'address=/d.test/1.2.3',
  'address=/d.test/1.2.3.4#53',
  '--address=/d/1.2.3.4',
  'address',
  'server',
  'server=1.2.3.4#70000',
  'server=1.2.3.4#x',
  'server=[fd00::1]',
  'server=1.2.3.4,1.2.3.5',
  'local=/d',
  'domain-needed=1',
  'bogus-priv=',
  'bogus-nxdomain=x',
  'bogus-nxdomain=',
  'local-ttl=-5',
  'local-ttl=x',
  'local-ttl=5x',
  'local-ttl',
  'cache-size=-1',
  'port=99999',
  'listen-address=x',
  'listen-address=',
  'host-record=a.test',
  'host-record=1.2.3.4',
  'host-record=',
  'cname=a.test',
  'cname=a.test,a.test',
  'cname=',
  'txt-record=a.test,"unclosed',
  'srv-host=_a._b.c,t,x',
  'srv-host=_a._b.c,t,99999',
  'srv-host=_a._b.c,t,80,1,2,3',
  'mx-host=a.test,b.test,x',
  'rebind-domain-ok',
  'conf-file=/nosuch',
  'conf-dir=/nosuch',
  'nosuchoption',
  'no-hos',
  'Address=/x/1.2.3.4',
  'rev-server=10.0.0.0/33,1.2.3.4',
  'rev-server=x,1.2.3.4',
  'no-resolv#x',
  'no-hosts "x"',
  'dns-rr=a.test,x,01',
  'naptr-record=a.test,10',
]

describe('what holds for all names', () => {
  it.each([
    ['cache-size=7', { cacheSize: 7 }],
    ['min-cache-ttl=4000', { minCacheTtl: 3600 }],
    ['max-cache-ttl=60', { maxCacheTtl: 60 }],
    ['max-cache-ttl=0', { maxCacheTtl: undefined }],
    ['max-ttl=30', { maxTtl: 30 }],
    ['neg-ttl=20', { negTtl: 20 }],
    ['no-negcache', { keepNegatives: false }],
    ['strict-order', { strictOrder: true }],
    ['all-servers', { allServers: true }],
    ['stop-dns-rebind', { rebind: { ...defaultForwarding.rebind, stop: true } }],
    ['rebind-localhost-ok', { rebind: { ...defaultForwarding.rebind, localhostOk: true } }],
    ['rebind-domain-ok=/d.test/', { rebind: { ...defaultForwarding.rebind, exemptDomains: [wireName('d.test')] } }],
  ])('%s is a setting of its own, and the others are as they were', (line, changes) => {
    expect(readConfiguration(written(`${line}\n`)).forwarding).toEqual({ ...defaultForwarding, ...changes })
  })

  it('is also where to listen, and whether queries are logged', () => {
    const configuration = readConfiguration(written('port=5300\nlisten-address=127.0.0.1,::1\nlog-queries=extra\nlocal-ttl=9\n'))
    expect(configuration).toMatchObject({ port: 5300, listenAddresses: ['127.0.0.1', '::1'], logQueries: true, localTtl: 9 })
  })
})

describe('lines that are taken', () => {
  it.each(taken)('%s', (line) => {
    expect(faultsOf(line)).toEqual([])
  })

  it.each([...refused, ...stricter])('refused: %s', (line) => {
    expect(faultsOf(line)).toHaveLength(1)
  })

  it.skipIf(!hasDnsmasq())('are those that dnsmasq takes, but for some that make no sense', { timeout: 60_000 }, async () => {
    const theirs = async (lines: readonly string[]) => {
      const verdicts: boolean[] = []
      for (const line of lines) verdicts.push(await dnsmasqTakes(written(`${line}\n`, 'theirs.conf')))
      return lines.filter((_, index) => verdicts[index])
    }
    expect(await theirs(taken)).toEqual(taken)
    expect(await theirs(refused)).toEqual([])
    expect(await theirs(stricter)).toEqual(stricter)
  })

  it.skipIf(!hasDnsmasq())('have an option that dnsmasq has: each of its own is known here', () => {
    const options = dnsmasqOptions()
    const ofTheCommandLine = ['help', 'version', 'test']
    const unknown = options.filter((option) => faultsOf(option).some((fault) => fault.includes('there is no such option')))
    expect(options.length).toBeGreaterThan(150)
    expect(unknown.filter((option) => !ofTheCommandLine.includes(option))).toEqual([])
  })
})
