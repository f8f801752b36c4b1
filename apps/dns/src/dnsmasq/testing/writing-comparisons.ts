import type { Comparison } from './comparison.ts'

/** How lines and files are written. */
export const writingComparisons: readonly Comparison[] = [
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
]
