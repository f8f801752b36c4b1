import { readFileSync } from 'node:fs'
import { FollowedFiles } from '@standin/serving/followed-files'
import { statOf } from '@standin/serving/stat-of'
import type { Configuration } from './configuration.ts'
import type { Notice } from './configuration-line.ts'
import { filesOf } from './configuration-text.ts'
import { DomainRules } from './domain-rules.ts'
import { readHosts, readLeases } from './host-files.ts'
import { hostPlace } from './host-place.ts'
import { NameRules } from './name-rules.ts'
import { noticeText, readConfiguration } from './read-configuration.ts'
import { nameserversOf } from './resolv-conf.ts'
import type { UpstreamServer } from './settings.ts'

const settleMs = 20

export interface DnsmasqListeners {
  /** The rules are other ones now. Kept answers have to go. */
  readonly onChange: () => void
  /** For the log: a line that is passed over, a file that can't be read. */
  readonly onNotice: (text: string) => void
  /** A server of `resolv-file` that is this resolver itself is not asked. */
  readonly isSelf: (server: UpstreamServer) => boolean
}

/** Longest delay that a timer takes, ms. */
const longestDelay = 2 ** 31 - 1

/**
 * dnsmasq's configuration as it is now. The files with hosts, leases and servers that it names are followed, the file itself
 * is read again when `reload` is called: it is what SIGHUP is for.
 */
export class DnsmasqRules {
  readonly #path: string
  readonly #listeners: DnsmasqListeners
  #configuration: Configuration
  #current: NameRules
  /** Whom names are asked of that no rule is for, and the rules made with it. */
  #servers = ''
  #domains: DomainRules | undefined
  #files: FollowedFiles
  #expiry: NodeJS.Timeout | undefined
  #lastNotices: ReadonlySet<string> = new Set()

  /** @throws StandinError `invalid` with every fault of the file */
  constructor(path: string, listeners: DnsmasqListeners) {
    this.#path = path
    this.#listeners = listeners
    this.#configuration = readConfiguration(path)
    this.#files = this.#followedFiles()
    this.#current = this.#read()
  }

  get path(): string {
    return this.#path
  }

  get configuration(): Configuration {
    return this.#configuration
  }

  /** Ask for it every time: it is replaced as a whole. */
  get current(): NameRules {
    return this.#current
  }

  /** From now on changes of the files count. */
  start(): void {
    for (const warning of this.#configuration.warnings) this.#listeners.onNotice(noticeText(warning))
    this.#files.start()
    this.#refresh()
  }

  close(): void {
    this.#files.close()
    clearTimeout(this.#expiry)
  }

  /**
   * Reads the configuration again, and all its files.
   * @throws StandinError `invalid` with every fault; then everything stays as it was
   */
  reload(): void {
    const configuration = readConfiguration(this.#path)
    this.#configuration = configuration
    this.#domains = undefined
    this.#files.close()
    this.#files = this.#followedFiles()
    this.start()
  }

  #followedFiles(): FollowedFiles {
    const { hostsFiles, dhcpHostsFiles, leaseFile, resolvFiles } = this.#configuration
    const paths = [...hostsFiles, ...dhcpHostsFiles, ...resolvFiles, ...(leaseFile === undefined ? [] : [leaseFile])]
    return new FollowedFiles(paths, () => this.#refresh(), { settleMs, filesOf })
  }

  #refresh(): void {
    this.#current = this.#read()
    this.#listeners.onChange()
  }

  #read(): NameRules {
    const configuration = this.#configuration
    const notices: Notice[] = []
    const now = Date.now() / 1000
    const leaseText = configuration.leaseFile === undefined ? '' : (textOf(configuration.leaseFile) ?? '')
    const leases = readLeases(leaseText)
    const hostsFiles = configuration.hostsFiles.flatMap(filesOf)
    const rules = new NameRules(
      configuration,
      this.#domainRules(),
      {
        hostsFiles,
        eachHost: (take) => {
          for (const [index, file] of hostsFiles.entries()) {
            const onFault = (line: number, message: string) => notices.push({ place: { file, line }, message })
            readHosts(textOr(file, notices), (line, number) => take(line, hostPlace(index, number)), onFault)
          }
        },
        dhcpHosts: configuration.dhcpHostsFiles.flatMap(filesOf).map((file) => textOr(file, notices)),
        leases,
      },
      now,
    )
    this.#tell(notices)
    this.#waitForExpiry(leases.map(({ expires }) => expires).filter((expires) => expires > now))
    return rules
  }

  /** Those of before, unless the servers are other ones: there may be many, and a hosts file changes often. */
  #domainRules(): DomainRules {
    const { servers: own, rules, localTtl } = this.#configuration
    const servers = [...own, ...this.#systemServers()]
    const text = JSON.stringify(servers)
    if (this.#domains === undefined || text !== this.#servers) {
      this.#servers = text
      this.#domains = new DomainRules(rules, localTtl, { label: 'default', servers })
    }
    return this.#domains
  }

  /** Of several files the one that was changed last counts, as with dnsmasq. */
  #systemServers(): UpstreamServer[] {
    const files = this.#configuration.resolvFiles.map((path) => ({ path, time: Number(statOf(path)?.mtimeMs ?? -1) }))
    const [newest] = files.toSorted((one, other) => other.time - one.time)
    const text = newest === undefined ? undefined : textOf(newest.path)
    return text === undefined ? [] : nameserversOf(text).filter((server) => !this.#listeners.isSelf(server))
  }

  /** What was told of the same files before is not told again. */
  #tell(notices: readonly Notice[]): void {
    const texts = new Set(notices.map(noticeText))
    for (const text of texts) if (!this.#lastNotices.has(text)) this.#listeners.onNotice(text)
    this.#lastNotices = texts
  }

  #waitForExpiry(times: readonly number[]): void {
    clearTimeout(this.#expiry)
    if (times.length === 0) return
    const delay = times.reduce((one, other) => Math.min(one, other)) * 1000 - Date.now() + 10
    this.#expiry = setTimeout(() => this.#refresh(), Math.min(Math.max(delay, 10), longestDelay))
    this.#expiry.unref()
  }
}

function textOr(file: string, notices: Notice[]): string {
  const text = textOf(file)
  if (text === undefined) notices.push({ place: { file, line: 0 }, message: 'can not be read' })
  return text ?? ''
}

/** Undefined: it can't be read. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
