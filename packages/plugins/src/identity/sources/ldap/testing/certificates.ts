import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const [notBefore, notAfter] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)]

/** A certificate of an authority made for it, PEM. @param address that it is for */
export async function makeCertificates(address: string): Promise<{ ca: string; certificate: string; key: string }> {
  const [authority, server] = [await newKeys(), await newKeys()]
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=Authority of the test', notBefore, notAfter, signingAlgorithm: algorithm, keys: authority },
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  })
  const certificate = await x509.X509CertificateGenerator.create({
    ...{ serialNumber: '02', subject: 'CN=slapd', issuer: ca.subject, notBefore, notAfter, signingAlgorithm: algorithm },
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: address }])],
  })
  const exported = Buffer.from(await crypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
  const lines = exported.match(/.{1,64}/g) ?? []
  const key = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
  return { ca: ca.toString('pem'), certificate: certificate.toString('pem'), key }
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
}
