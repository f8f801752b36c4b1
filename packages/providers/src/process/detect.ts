import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { droppedPrivileges, type Isolation, overlayOptions, unshare } from './isolation.ts'
import { command, quote } from './shell.ts'

/** One line of `standin doctor`. */
export interface Finding {
  readonly id: 'namespaces' | 'overlay' | 'reflink' | 'addresses' | 'privileges' | 'terminal' | 'ports' | 'limits'
  readonly ok: boolean
  /** What this machine has, or has not and what that costs. */
  readonly detail: string
  /** What to do about it; null where nothing needs to be done or can be. */
  readonly fix: string | null
}

export interface Detected {
  readonly isolation: Isolation
  readonly findings: readonly Finding[]
}

/** Finds out by trying, in a directory below `dataDir` that is gone afterwards. Takes some 30 ms. */
export async function detect(dataDir: string, wanted: 'auto' | 'none' = 'auto'): Promise<Detected> {
  await mkdir(join(dataDir, 'tmp'), { recursive: true })
  const dir = await mkdtemp(join(dataDir, 'tmp', 'detect-'))
  try {
    for (const name of ['lower', 'upper', 'work', 'mnt']) await mkdir(join(dir, name))
    await writeFile(join(dir, 'file'), 'x'.repeat(8192))
    const [mounts, reflink, terminal, addresses, ports] = await Promise.all([
      wanted === 'none' ? null : tryMounts(dir),
      command(['cp', '--reflink=always', 'file', 'copy'], { cwd: dir }),
      command(['sh', '-c', 'command -v script && command -v stty']),
      canListen('127.64.0.1'),
      firstOpenPort(),
    ])
    const tried = mounts ?? { userNamespace: false, steps: new Set<string>(), why: 'switched off by the configuration (isolation: none)' }
    const isolation: Isolation = {
      namespaces: tried.steps.has('namespaces'),
      userNamespace: tried.userNamespace,
      overlay: tried.steps.has('overlay'),
      reflink: reflink.code === 0,
      terminal: terminal.code === 0,
      wrap: tried.steps.has('privileges') ? droppedPrivileges(tried.userNamespace) : [],
    }
    return { isolation, findings: findings(isolation, tried.why, addresses, ports) }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface Tried {
  readonly userNamespace: boolean
  readonly steps: ReadonlySet<string>
  readonly why: string
}

async function tryMounts(dir: string): Promise<Tried> {
  const root = process.getuid?.() === 0
  const direct = root ? await attempt(dir, false) : null
  if (direct?.steps.has('namespaces')) return direct
  const inside = await attempt(dir, true)
  return inside.steps.has('namespaces') || direct === null ? inside : direct
}

async function attempt(dir: string, userNamespace: boolean): Promise<Tried> {
  const steps = [
    [
      'namespaces',
      'mount --bind file /etc/hosts && mount -t tmpfs -o ro,size=4k tmpfs mnt && umount mnt && test "$$" = 1 && test -d /proc/1/fd',
    ],
    ['privileges', `${droppedPrivileges(userNamespace).map(quote).join(' ')} true`],
    ['overlay', `mount -t overlay overlay -o ${overlayOptions({ userNamespace })} mnt && echo x >mnt/x && rm mnt/x`],
  ]
  const script = steps.map(([name, line]) => `{ ${line}; } && echo ${name}`).join('\n')
  const { stdout, stderr, code } = await command([...unshare({ userNamespace }), 'sh', '-c', script], { cwd: dir })
  await command(['chmod', '-R', 'u+rwx', 'work'], { cwd: dir })
  const why = stderr.trim().split('\n')[0] ?? ''
  return { userNamespace, steps: new Set(stdout.split('\n')), why: why === '' ? `unshare ended with ${code}` : why }
}

function findings(isolation: Isolation, why: string, addresses: boolean, firstPort: number): Finding[] {
  const { namespaces, overlay, reflink, terminal, wrap, userNamespace } = isolation
  const linux = process.platform === 'linux'
  const layers = namespaces && overlay
  return [
    {
      id: 'namespaces',
      ok: namespaces,
      detail: namespaces
        ? `mount and pid namespaces ${userNamespace ? 'in a user namespace' : 'as root'}: private /etc/hosts, nothing can be left behind`
        : `no namespaces (${why}): hosts are found by STANDIN_HOST_<NAME> only, secrets are not hidden from the processes`,
      fix: namespaces
        ? null
        : linux
          ? 'permit user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0'
          : null,
    },
    {
      id: 'overlay',
      ok: layers || reflink,
      detail: layers
        ? 'overlayfs: a clone takes no time and no space'
        : reflink
          ? 'no overlayfs, but reflinks: a clone takes little time and no space'
          : `no overlayfs${namespaces ? ` (${why})` : ''} and no reflinks: every clone is a whole copy`,
      fix: layers || reflink ? null : 'put STANDIN_HOME on a file system of its own that has reflinks (btrfs, xfs, apfs)',
    },
    {
      id: 'reflink',
      ok: reflink || layers,
      detail: reflink ? 'reflinks: baking takes no space' : 'no reflinks: baking copies the data once',
      fix: null,
    },
    {
      id: 'addresses',
      ok: addresses,
      detail: addresses ? 'every address of 127.0.0.0/8 can be used' : 'addresses of 127.64.0.0/10 can not be used',
      fix: addresses ? null : 'add them: sudo ifconfig lo0 alias 127.64.0.1',
    },
    {
      id: 'privileges',
      ok: !namespaces || wrap.length > 0,
      detail:
        wrap.length === 0
          ? 'services run with all that this user may do'
          : userNamespace
            ? 'services run as this user'
            : 'services run as root with few capabilities',
      fix: namespaces && wrap.length === 0 ? 'install util-linux (setpriv, unshare)' : null,
    },
    {
      id: 'terminal',
      ok: terminal,
      detail: terminal ? 'exec can give a terminal' : 'script(1) or stty(1) is missing: exec has no terminals',
      fix: terminal ? null : 'install bsdutils or util-linux',
    },
    {
      id: 'ports',
      ok: firstPort <= 80,
      detail: firstPort === 0 ? 'services may listen on every port' : `services may listen on ports from ${firstPort} on`,
      fix: firstPort <= 80 ? null : 'sysctl net.ipv4.ip_unprivileged_port_start=0, where a service needs a lower one',
    },
    { id: 'limits', ok: true, detail: 'deploy.resources is not enforced by this provider', fix: null },
  ]
}

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen({ host, port: 0 }, () => server.close(() => resolve(true)))
  })
}

async function firstOpenPort(): Promise<number> {
  if (process.getuid?.() === 0) return 0
  const path = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
  return (await access(path).then(
    () => true,
    () => false,
  ))
    ? Number(await readFile(path, 'utf8'))
    : 0
}
