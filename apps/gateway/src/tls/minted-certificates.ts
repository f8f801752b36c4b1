import type { Logger } from 'pino'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { CertificateSource } from './certificate-source.ts'
import type { KeptWildcard } from './kept-wildcard.ts'
import { ServedCertificate } from './served-certificate.ts'

export interface MintedCertificatesOptions {
  readonly authority: Pick<CertificateAuthority, 'mint'>
  /** Where the wildcard's certificate is kept between starts. */
  readonly kept?: Pick<KeptWildcard, 'read' | 'write'>
  readonly domain: string
  /** Whether a host leads somewhere. Nobody gets the gateway to mint by asking for names. */
  readonly isRouted: (host: string) => boolean
  readonly log: Pick<Logger, 'error'>
  /** How many certificates of single names are kept; the one that was not asked for the longest goes. */
  readonly capacity?: number
}

/** How often it is looked whether the wildcard's certificate has grown old, ms. */
const renewalCheckMs = 3_600_000

/** A wildcard certificate for the domain, and one for each routed name below it that the wildcard does not cover, when it is first asked for. */
export class MintedCertificates implements CertificateSource {
  readonly #options: MintedCertificatesOptions
  readonly #capacity: number
  /** In the order of their last use. */
  readonly #byName = new Map<string, ServedCertificate>()
  readonly #minting = new Map<string, Promise<ServedCertificate>>()
  readonly #listeners: ((main: ServedCertificate) => void)[] = []
  readonly #renewal: NodeJS.Timeout
  #main: ServedCertificate
  #renewingMain = false

  private constructor(options: MintedCertificatesOptions, main: ServedCertificate) {
    this.#options = options
    this.#capacity = options.capacity ?? 1_000
    this.#main = main
    this.#renewal = setInterval(() => void this.renewMain(), renewalCheckMs)
    this.#renewal.unref()
  }

  static async open(options: MintedCertificatesOptions): Promise<MintedCertificates> {
    return new MintedCertificates(options, await mintMain(options))
  }

  get main(): ServedCertificate {
    return this.#main
  }

  find(host: string): ServedCertificate | Promise<ServedCertificate> {
    const name = host.toLowerCase()
    if (!this.#needsOwn(name)) return this.#main
    const known = this.#byName.get(name)
    if (known === undefined) return this.#minting.get(name) ?? this.#mint(name)
    this.#byName.delete(name)
    this.#byName.set(name, known)
    const now = Date.now()
    if (now < known.renewAt) return known
    const fresh = this.#minting.get(name) ?? this.#mint(name)
    return now < known.expiresAt ? known : fresh
  }

  peek(host: string | false | null): ServedCertificate {
    if (!host) return this.#main
    const name = host.toLowerCase()
    return this.#needsOwn(name) ? (this.#byName.get(name) ?? this.#main) : this.#main
  }

  onChange(listener: (main: ServedCertificate) => void): void {
    this.#listeners.push(listener)
  }

  /** Puts a fresh wildcard certificate in the place of one that has grown old. */
  async renewMain(now = Date.now()): Promise<void> {
    if (now < this.#main.renewAt || this.#renewingMain) return
    this.#renewingMain = true
    try {
      this.#main = await mintMain(this.#options)
      for (const listener of this.#listeners) listener(this.#main)
    } catch (error) {
      this.#options.log.error({ err: error }, 'the certificate of the domain could not be renewed')
    } finally {
      this.#renewingMain = false
    }
  }

  close(): void {
    clearInterval(this.#renewal)
  }

  /** Outside the domain the CA may not sign; there the wildcard's is as good as any. */
  #needsOwn(name: string): boolean {
    const { domain, isRouted } = this.#options
    return name.endsWith(domain) && name.at(-domain.length - 1) === '.' && !this.#main.covers(name) && isRouted(name)
  }

  #mint(name: string): Promise<ServedCertificate> {
    const minted = this.#options.authority
      .mint([name])
      .then(({ certificate, key }) => this.#keep(name, new ServedCertificate(certificate, key)))
      .finally(() => this.#minting.delete(name))
    this.#minting.set(name, minted)
    // Whoever waits hears of it; nobody has to wait where the old one still serves.
    minted.catch((error: unknown) => this.#options.log.error({ err: error, host: name }, 'a certificate could not be minted'))
    return minted
  }

  #keep(name: string, certificate: ServedCertificate): ServedCertificate {
    this.#byName.delete(name)
    this.#byName.set(name, certificate)
    if (this.#byName.size > this.#capacity) this.#byName.delete(this.#byName.keys().next().value as string)
    return certificate
  }
}

const mintMain = async ({ authority, domain, kept }: MintedCertificatesOptions): Promise<ServedCertificate> => {
  // Of this gateway's last life, or what another worker has minted.
  const found = await kept?.read()
  if (found) return found
  const { certificate, key } = await authority.mint([domain, `*.${domain}`])
  await kept?.write(certificate, key)
  return new ServedCertificate(certificate, key)
}
