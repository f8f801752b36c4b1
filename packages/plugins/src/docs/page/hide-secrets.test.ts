import { describe, expect, it } from 'vitest'
import { hideCredentials, hideSecret } from './hide-secrets.ts'

const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----'

describe('hideSecret', () => {
  it.each([
    ['db_password', 'hunter2'],
    ['DBPASSWD', 'hunter2'],
    ['dbPwd', 'hunter2'],
    ['db.pass', 'hunter2'],
    ['API-KEY', 'x'],
    ['accessKey', 'x'],
    ['encryption_key', 'x'],
    ['sshkey', 'x'],
    ['SIGNING_KEYS', 'x'],
    ['githubToken', 'x'],
    ['basic-auth', 'x'],
    ['sentryDSN', 'x'],
    ['session_cookie', 'x'],
    ['slack-webhook', 'https://hooks.example/T0/B0'],
    ['note', `AKIA${'B'.repeat(16)}`],
    ['note', `ghp_${'a'.repeat(36)}`],
    ['note', `github_pat_${'a'.repeat(30)}`],
    ['note', `glpat-${'a'.repeat(20)}`],
    ['note', `AIza${'a'.repeat(35)}`],
    ['note', `sk_live_${'a'.repeat(24)}`],
    ['note', `npm_${'a'.repeat(36)}`],
    ['note', `whsec_${'a'.repeat(32)}`],
    ['note', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'],
    ['note', pem],
    ['note', `stn_0123456789ab_${'a'.repeat(43)}`],
    ['note', `https://control/page#0123456789ab.${'a'.repeat(43)}`],
  ])('hides %s', (key, value) => expect(hideSecret(key, value)).toBe('(hidden)'))

  it.each([
    ['project', 'shop'],
    ['suspend.pin', 'demo on Friday'],
    ['keyboard', 'de'],
    ['author', 'ada'],
    ['authority', 'ada'],
    ['compass', 'north'],
    ['passenger', 'ada'],
    ['path', '/var'],
    ['note', 'a task-list of the risk-averse'],
  ])('shows %s', (key, value) => expect(hideSecret(key, value)).toBe(value))
})

describe('hideCredentials', () => {
  it.each([
    ['clone https://ada:pw@git.example/x failed, postgres://u:p@db/x too', 'clone https://git.example/x failed, postgres://db/x too'],
    ['postgres://u:p@ss@db/x', 'postgres://db/x'],
    ['https://h/cb?code=1&access_token=abc&x=1', 'https://h/cb?code=1&access_token=(hidden)&x=1'],
    ['https://h/o?X-Amz-Signature=abc', 'https://h/o?X-Amz-Signature=(hidden)'],
    ['mysql --password=hunter2 failed', 'mysql --password=(hidden) failed'],
    ['DB_PASS=hunter2 ./run', 'DB_PASS=(hidden) ./run'],
    ['{"password": "hunter2","port":1}', '{"password": "(hidden)","port":1}'],
    ['authorization: Bearer abcdefgh.ijkl', 'authorization: Bearer (hidden)'],
    [`wrote ${pem}, then died`, 'wrote (hidden), then died'],
    ['wrote -----BEGIN PRIVATE KEY-----\nMIIEow', 'wrote (hidden)'],
  ])('of %j', (text, shown) => expect(hideCredentials(text)).toBe(shown))

  it.each(['asked by ada@example.com', 'the token: it expired', 'https://h/a@b', 'x=1, y=2', 'why: so that it sleeps'])(
    'leaves %j alone',
    (text) => expect(hideCredentials(text)).toBe(text),
  )
})
