import { posix } from 'node:path'
import { type Stack, StandinError } from '@standin/client'

/** One mount within an environment's tree; both paths are relative to the tree. */
export interface TreeMount {
  /** `volumes/data`, `binds/web-0`, `secrets/key` */
  readonly source: string
  /** `hosts/web/var/data` */
  readonly target: string
  readonly readOnly: boolean
  readonly kind: 'volume' | 'bind' | 'secret'
  /** What the blueprint calls it: the volume's name, the bind's path, the secret's name. */
  readonly origin: string
}

/**
 * The mounts of a stack, outermost first, so that a mount below another one's target comes after it.
 * @throws StandinError `blueprint_invalid` where a target leaves the host's directory or is that directory.
 */
export function mountsOf(stack: Stack): TreeMount[] {
  const mounts = stack.hosts.flatMap((host): TreeMount[] => [
    ...host.mounts.map((mount, index): TreeMount => {
      const target = within(host.name, mount.target)
      if (mount.kind === 'volume')
        return { source: `volumes/${mount.source}`, target, readOnly: mount.readOnly, kind: 'volume', origin: mount.source }
      return { source: `binds/${host.name}-${index}`, target, readOnly: true, kind: 'bind', origin: mount.source }
    }),
    ...host.secrets.map(
      (secret): TreeMount => ({
        source: `secrets/${secret.name}`,
        target: within(host.name, secret.target),
        readOnly: true,
        kind: 'secret',
        origin: secret.name,
      }),
    ),
  ])
  return mounts.sort((a, b) => a.target.split('/').length - b.target.split('/').length)
}

/** A path of the blueprint as a path in the tree; a leading `/` is the host's directory. */
function within(host: string, path: string): string {
  const inside = posix.normalize(`./${path}`).replace(/\/+$/, '')
  if (inside === '..' || inside.startsWith('../') || inside === '.' || inside === '')
    throw new StandinError('blueprint_invalid', `${host}: "${path}" is not a place inside the host's directory`)
  return `hosts/${host}/${inside}`
}
