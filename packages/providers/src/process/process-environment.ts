import { posix } from 'node:path'
import type { HostSpec, Stack } from '@standin/client'

/** What the environment variables of a process are made from. */
export interface ProcessContext {
  readonly id: number
  readonly stack: Stack
  readonly domain: string
  /** The tree as the processes see it. */
  readonly root: string
  readonly addresses: Readonly<Record<string, string>>
  readonly path: string
}

/** A process ready to be started, but for what the launcher puts before it. */
export interface ProcessPlan {
  readonly command: readonly string[]
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
}

/** All that an instance's main process is started with. */
export function instancePlan(context: ProcessContext, host: HostSpec, ordinal: number): ProcessPlan {
  const environment = processEnvironment(context, host, ordinal)
  return {
    environment,
    command: commandLine(host.command).map((word) => fill(word, environment)),
    workingDir: hostPath(context, host.name, fill(host.workingDir, environment)),
  }
}

/** A string is a shell's, a list is nobody's. */
export function commandLine(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? ['sh', '-c', command] : command
}

/** `path` within the host's directory; a leading `/` is that directory. It can't be left by `..`. */
export function hostPath(context: Pick<ProcessContext, 'root'>, host: string, path: string): string {
  const dir = posix.join(context.root, 'hosts', host)
  if (path === dir || path.startsWith(`${dir}/`)) return posix.normalize(path)
  return posix.join(dir, posix.normalize(`/${path}`))
}

export function processEnvironment(
  context: ProcessContext,
  host: HostSpec,
  ordinal: number,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const name = `${host.name}-${ordinal}`
  const dir = posix.join(context.root, 'hosts', host.name)
  const own: Record<string, string> = {
    PATH: context.path,
    LANG: 'C.UTF-8',
    HOME: dir,
    TMPDIR: posix.join(context.root, 'tmp'),
    STANDIN_ENVIRONMENT_ID: String(context.id),
    STANDIN_HOST: host.name,
    STANDIN_INSTANCE: name,
    STANDIN_ADDRESS: context.addresses[name] ?? '',
    STANDIN_DIR: dir,
    STANDIN_DOMAIN: context.domain,
  }
  for (const other of context.stack.hosts) {
    const addresses = Array.from({ length: other.replicas }, (_, index) => context.addresses[`${other.name}-${index + 1}`] ?? '')
    own[`STANDIN_HOST_${other.name.toUpperCase().replaceAll('-', '_')}`] = addresses.filter((address) => address !== '').join(',')
  }
  const filled = Object.entries({ ...host.environment, ...extra }).map(([key, value]) => [key, fill(value, own)] as const)
  // Identity can't be overridden; PATH, HOME, LANG and TMPDIR can.
  const identity = Object.entries(own).filter(([key]) => key.startsWith('STANDIN_'))
  return { ...own, ...Object.fromEntries(filled), ...Object.fromEntries(identity) }
}

/** Fills `${STANDIN_…}` in; one that is not set becomes empty, as a shell would have it. Everything else stays as it is. */
export function fill(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(STANDIN_[A-Z0-9_]+)\}/g, (_, name: string) => environment[name] ?? '')
}

/** The private /etc/hosts: localhost, this machine's own name, every host and instance of the environment. */
export function hostsFile(context: Omit<ProcessContext, 'root' | 'path'>, machine: string): string {
  const { stack, id, domain, addresses } = context
  const lines = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback']
  if (!stack.hosts.some((host) => host.name === machine)) lines.push(`127.0.0.1 ${machine}`)
  for (const host of stack.hosts) {
    for (let ordinal = 1; ordinal <= host.replicas; ordinal++) {
      const name = `${host.name}-${ordinal}`
      const address = addresses[name]
      // The instance's name comes first: it is what a reverse look-up answers.
      if (address !== undefined) lines.push(`${address} ${name} ${host.name} ${name}.${id}.${domain} ${host.name}.${id}.${domain}`)
    }
  }
  return `${lines.join('\n')}\n`
}
