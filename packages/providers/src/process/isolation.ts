import { userInfo } from 'node:os'

/** What this machine permits; found out once, by trying. */
export interface Isolation {
  /** Mount and pid namespaces, /proc of its own, private /etc/hosts. */
  readonly namespaces: boolean
  /** They need a user namespace, because we are not root. */
  readonly userNamespace: boolean
  readonly overlay: boolean
  /** `cp --reflink` and the like copy without copying. */
  readonly reflink: boolean
  /** util-linux's script(1) is there. */
  readonly terminal: boolean
  /** What is put before each command to drop what a service must not have. */
  readonly wrap: readonly string[]
}

/** What a container of Docker's keeps by default, so what a root service can rely on. Without it no one may unmount what hides. */
const keptCapabilities =
  'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap'

/** The start of a command line that runs the rest as pid 1 of namespaces of its own, which die with it. */
export function unshare(isolation: Pick<Isolation, 'userNamespace'>): readonly string[] {
  const user = isolation.userNamespace ? ['--user', '--map-root-user'] : []
  return ['unshare', ...user, '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc']
}

/** Before a tool that has to see everything: a service may have taken the right to look from its own user. */
export function seeingAll(isolation: Pick<Isolation, 'userNamespace' | 'namespaces'>): readonly string[] {
  return isolation.namespaces && isolation.userNamespace ? ['unshare', '--user', '--map-root-user'] : []
}

/** As root: fewer capabilities. In a user namespace: the caller's own ids again, which have none. */
export function droppedPrivileges(userNamespace: boolean): readonly string[] {
  if (!userNamespace) return ['setpriv', `--bounding-set=-all,+${keptCapabilities.replaceAll(',', ',+')}`, '--']
  const { uid, gid } = userInfo()
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--']
}

export function overlayOptions(isolation: Pick<Isolation, 'userNamespace'>, lower = 'lower'): string {
  return `lowerdir=${lower},upperdir=upper,workdir=work${isolation.userNamespace ? ',userxattr' : ''}`
}
