import { type StartedGateway, startGateway } from './start-gateway.ts'
import { createTestAuthority, openTestCertificates } from './start-tls.ts'

/** A gateway with a port for TLS besides its plain one. */
export interface StartedSecureGateway extends AsyncDisposable {
  readonly gateway: StartedGateway
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
  gateway.listener.useCertificates(certificates)
  const address = await gateway.listener.listenHttps({ host: '127.0.0.1', port: 0, flag: '--https', shared: false })
  return {
    gateway,
    port: Number(address.split(':')[1]),
    ca: test.ca,
    caFile: test.caFile,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      certificates.close()
      await test[Symbol.asyncDispose]()
    },
  }
}
