import { acceptHttp1 } from '../http1/client-connection.ts'
import { acceptHttp2 } from '../http2/client-connection.ts'
import { type StartedGateway, startGateway } from './start-gateway.ts'
import { createTestAuthority, openTestCertificates, type StartedTls, startTls } from './start-tls.ts'

/** A gateway with a port for TLS besides its plain one. */
export interface StartedSecureGateway extends AsyncDisposable {
  readonly gateway: StartedGateway
  readonly tls: StartedTls
  /** For TLS. */
  readonly port: number
  /** Certificate of its CA, and the file that holds it. */
  readonly ca: string
  readonly caFile: string
}

export const startSecureGateway = async (...options: Parameters<typeof startGateway>): Promise<StartedSecureGateway> => {
  const gateway = await startGateway(...options)
  const test = await createTestAuthority()
  const certificates = await openTestCertificates(test.authority, [])
  const tls = await startTls({
    onHttp1: (socket, info) => acceptHttp1(socket, info, gateway.listener),
    onHttp2: (socket, info) => acceptHttp2(socket, info, gateway.listener),
  })
  tls.acceptor.use(certificates)
  return {
    gateway,
    tls,
    port: tls.port,
    ca: test.ca,
    caFile: test.authority.certificateFile,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await tls[Symbol.asyncDispose]()
      certificates.close()
      await test[Symbol.asyncDispose]()
    },
  }
}
