import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { ConnectionInfo } from '../http/client-connection.ts'
import { authorityForDomain } from '../tls/authority-for-domain.ts'
import { CertificateAuthority, createAuthority } from '../tls/certificate-authority.ts'
import { MintedCertificates } from '../tls/minted-certificates.ts'
import { SecureAcceptor, type SecureAcceptorOptions } from '../tls/secure-acceptor.ts'
import { localConnection } from './local-connection.ts'

const domain = 'test-envs.localhost'

/** A home with a CA, for tests. */
export interface TestAuthority extends AsyncDisposable {
  readonly home: string
  readonly authority: CertificateAuthority
  readonly caFile: string
  /** Of the CA, PEM. */
  readonly ca: string
}

export const createTestAuthority = async (): Promise<TestAuthority> => {
  const home = await mkdtemp(join(tmpdir(), 'standin-ca-'))
  const { files } = await authorityForDomain(home, domain, () => createAuthority(domain))
  return {
    home,
    authority: await CertificateAuthority.load(files),
    caFile: files.certificateFile,
    ca: files.certificate,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

export const openTestCertificates = (authority: CertificateAuthority, routed: readonly string[]): Promise<MintedCertificates> =>
  MintedCertificates.open({ authority, domain, isRouted: (host) => routed.includes(host), log: { error() {} } })

/** A port that speaks TLS: HTTP/1 gets an answer that says over what it came, HTTP/2 goes to `onHttp2`. */
export interface StartedTls extends AsyncDisposable {
  readonly port: number
  readonly acceptor: SecureAcceptor
  /** Connections, in the order of their handshakes. */
  readonly accepted: { readonly socket: TLSSocket; readonly info: ConnectionInfo }[]
}

export const startTls = async (
  options: Partial<SecureAcceptorOptions> & { before?: (socket: Socket, done: () => void) => void } = {},
): Promise<StartedTls> => {
  const accepted: StartedTls['accepted'] = []
  const answer = (protocol: string) => (socket: TLSSocket, info: ConnectionInfo) => {
    accepted.push({ socket, info })
    socket.on('error', () => {})
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${protocol.length}\r\n\r\n${protocol}`))
  }
  const acceptor = new SecureAcceptor({ onHttp1: answer('http/1.1'), onHttp2: answer('h2'), ...options })
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const accept = () => acceptor.accept(socket, { ...localConnection, port: 443 })
    if (options.before === undefined) accept()
    else options.before(socket, accept)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    acceptor,
    accepted,
    [Symbol.asyncDispose]: async () => {
      acceptor.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
