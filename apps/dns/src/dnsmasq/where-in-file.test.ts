import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { labelOffsets, wireName } from '../wire/name.ts'
import { DnsmasqRules } from './dnsmasq-rules.ts'
import { whereInFile } from './where-in-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'standin-where-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)

writeFileSync(at('more.conf'), '# more\nhost-record=db.lan.test,192.0.2.9\n')
writeFileSync(at('hosts'), '# hosts\n192.0.2.77 tv tv.lan.test # the big one\n2001:db8::77 TV\n192.0.2.78 radio\n')
writeFileSync(at('leases'), '0 02:00:00:00:00:01 192.0.2.88 phone *\n')
writeFileSync(
  at('main.conf'),
  [
    ...[
      'no-hosts',
      'no-resolv',
      'domain-needed',
      'domain=lan.test',
      'expand-hosts',
      'address=/d.test/192.0.2.1',
      'address=/d.test/192.0.2.2',
    ],
    ...['local=/lan.test/', 'address=/deep.d.test/192.0.2.3', 'address=/*end.test/192.0.2.4', 'cname=print.lan.test,db.lan.test'],
    ...['txt-record=t.lan.test,"a, b"', 'server=/d2.test/192.0.2.53', `conf-file=${at('more.conf')}`, `addn-hosts=${at('hosts')}`],
    `dhcp-leasefile=${at('leases')}`,
    'bogus-priv',
  ].join('\n'),
)
const rules = new DnsmasqRules(at('main.conf'), { onChange: () => {}, onNotice: () => {}, isSelf: () => false })

describe('whereInFile', () => {
  it.each([
    ['d.test', `${at('main.conf')}:6: address=/d.test/192.0.2.1; ${at('main.conf')}:7: address=/d.test/192.0.2.2`],
    ['x.y.deep.d.test', `${at('main.conf')}:9: address=/deep.d.test/192.0.2.3`],
    ['weekend.test', `${at('main.conf')}:10: address=/*end.test/192.0.2.4`],
    ['nope.lan.test', `${at('main.conf')}:8: local=/lan.test/`],
    ['print.lan.test', `${at('main.conf')}:11: cname=print.lan.test,db.lan.test`],
    ['t.lan.test', `${at('main.conf')}:12: txt-record=t.lan.test,a, b`],
    ['db.lan.test', `${at('more.conf')}:2: host-record=db.lan.test,192.0.2.9`],
    ['9.2.0.192.in-addr.arpa', `${at('more.conf')}:2: host-record=db.lan.test,192.0.2.9`],
    ['tv', `${at('hosts')}:2; ${at('hosts')}:3`],
    ['radio', `${at('hosts')}:4`],
    ['tv.lan.test', `${at('hosts')}:2; ${at('hosts')}:3`],
    ['77.2.0.192.in-addr.arpa', `${at('hosts')}:2`],
    ['phone.lan.test', `${at('leases')}:1: 0 02:00:00:00:00:01 192.0.2.88 phone *`],
    ['short', `${at('main.conf')}:3: domain-needed`],
    ['1.0.0.10.in-addr.arpa', `${at('main.conf')}:17: bogus-priv`],
  ])('finds the lines of %s', (text, lines) => {
    const name = wireName(text) as string
    expect(whereInFile(rules, { name, labels: labelOffsets(name) })).toBe(lines)
  })

  it('reads the configuration again when the rules are others', () => {
    writeFileSync(at('main.conf'), 'no-hosts\nno-resolv\n\naddress=/d.test/192.0.2.8\n')
    const name = wireName('d.test') as string
    expect(whereInFile(rules, { name, labels: labelOffsets(name) })).toContain(':6: ')
    rules.reload()
    expect(whereInFile(rules, { name, labels: labelOffsets(name) })).toBe(`${at('main.conf')}:4: address=/d.test/192.0.2.8`)
    rules.close()
  })
})
