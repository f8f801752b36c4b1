import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { has } from '@standin/testing'
import { Client } from 'ldapts'
import { makeCertificates } from './certificates.ts'

const run = promisify(execFile)
/** Debian keeps it where only root's PATH leads. */
const places = ['/usr/sbin', '/usr/local/sbin', '/sbin']
const place = places.find((each) => existsSync(join(each, 'slapd')))

/** Whether OpenLDAP's server is there; with `CI=true`, a missing one is a failure. */
export const hasSlapd = place !== undefined || has('slapd', 'slapd')

export const suffix = 'dc=example,dc=com'
export const reader = { dn: `cn=reader,${suffix}`, password: 'reads-everything' }
export const limited = { dn: `cn=limited,${suffix}`, password: 'reads-a-little' }
const root = { dn: `cn=admin,${suffix}`, password: 'writes-everything' }

export interface SlapdOptions {
  /** LDIF of what is below the suffix, which is there, with `ou=people` and `ou=groups`. */
  readonly ldif: string
}

/**
 * A real OpenLDAP server, a process of the test's own: in a temporary folder, on ports of loopback, with the overlay memberOf,
 * TLS and an account that may read all.
 */
export class Slapd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'standin-slapd-'))
  readonly #ldif: string
  #child: ChildProcess | undefined
  port = 0
  securePort = 0

  constructor({ ldif }: SlapdOptions) {
    this.#ldif = ldif
  }

  get url(): string {
    return `ldap://127.0.0.1:${this.port}`
  }

  get secureUrl(): string {
    return `ldaps://127.0.0.1:${this.securePort}`
  }

  /** Of the authority that its certificate is from. */
  get caFile(): string {
    return join(this.#folder, 'ca.pem')
  }

  /** A file beside it, that only its owner can read unless `mode` says otherwise. */
  file(name: string, content: string, mode = 0o600): string {
    const path = join(this.#folder, name)
    writeFileSync(path, content, { mode })
    return path
  }

  async start(): Promise<this> {
    mkdirSync(join(this.#folder, 'data'))
    const { ca, certificate, key } = await makeCertificates('127.0.0.1')
    this.file('ca.pem', ca)
    this.file('server.pem', certificate)
    this.file('server.key', key)
    this.file('slapd.conf', this.#config())
    this.file('data.ldif', `${frame()}\n${this.#ldif}`)
    const [config, ldif] = [join(this.#folder, 'slapd.conf'), join(this.#folder, 'data.ldif')]
    await run(this.#program('slapadd'), ['-q', '-f', config, '-l', ldif])
    // Somebody else may take a port between its being free and being taken.
    for (let attempt = 1; ; attempt++) {
      this.port = await freePort()
      this.securePort = await freePort()
      const listen = `${this.url}/ ${this.secureUrl}/`
      const child = spawn(this.#program('slapd'), ['-d', '0', '-h', listen, '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
      this.#child = child
      if (await this.#answers(child)) return this
      if (attempt === 5) throw new Error('slapd does not start')
    }
  }

  /** As its administrator. */
  async change(work: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client({ url: this.url })
    try {
      await client.bind(root.dn, root.password)
      await work(client)
    } finally {
      await client.unbind()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #program(name: string): string {
    return place === undefined ? name : join(place, name)
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    for (let turn = 0; turn < 400 && child.exitCode === null; turn++) {
      const socket = connect(this.securePort, '127.0.0.1')
      const [event] = await Promise.race([
        once(socket, 'connect').then(() => ['connect']),
        once(socket, 'close').then(() => ['close']),
      ]).catch(() => ['error'])
      socket.destroy()
      if (event === 'connect' && child.exitCode === null) return true
      await pause(25)
    }
    return false
  }

  #config(): string {
    const schemas = ['core', 'cosine', 'nis', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`)
    return `${schemas.join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb.la
moduleload memberof.la
pidfile ${this.#folder}/slapd.pid
TLSCACertificateFile ${this.#folder}/ca.pem
TLSCertificateFile ${this.#folder}/server.pem
TLSCertificateKeyFile ${this.#folder}/server.key
database mdb
maxsize 104857600
suffix "${suffix}"
rootdn "${root.dn}"
rootpw ${root.password}
directory ${this.#folder}/data
dbnosync
limits dn.exact="${reader.dn}" size=unlimited size.prtotal=unlimited
access to attrs=userPassword by anonymous auth
access to * by dn.exact="${reader.dn}" read by dn.exact="${limited.dn}" read by * none
overlay memberof
`
  }
}

function frame(): string {
  const ou = (name: string) => `dn: ou=${name},${suffix}\nobjectClass: organizationalUnit\nou: ${name}\n`
  const account = ({ dn, password }: typeof reader) =>
    `dn: ${dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: ${dn.slice(3, dn.indexOf(','))}\nuserPassword: ${password}\n`
  const top = `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`
  return [top, ou('people'), ou('groups'), account(reader), account(limited)].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
