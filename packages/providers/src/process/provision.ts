import { chmod, cp, lstat, mkdir, readdir, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, posix, relative } from 'node:path'
import { type Stack, StandinError } from '@standin/client'
import { copyContext } from './copy.ts'
import { mountsOf, type TreeMount } from './mounts.ts'

/** Makes an environment's tree from a blueprint's folder: contexts, binds, secrets, volumes, places to mount at. */
export async function provisionTree(stack: Stack, folder: string, tree: string, signal?: AbortSignal): Promise<void> {
  const mounts = mountsOf(stack)
  for (const name of ['hosts', 'volumes', 'binds', 'secrets', 'tmp']) await mkdir(join(tree, name), { recursive: true })
  await chmod(join(tree, 'secrets'), 0o700)
  for (const volume of stack.volumes) await mkdir(join(tree, 'volumes', volume), { recursive: true })
  for (const host of stack.hosts) {
    signal?.throwIfAborted()
    const dir = join(tree, 'hosts', host.name)
    await mkdir(dir, { recursive: true })
    if (host.context !== null) await copyContext(inFolder(folder, host.context.path, host.name), dir, host.context.ignore)
    // As an image's WORKDIR is made; one that depends on the instance is the process's own affair.
    if (!host.workingDir.includes('${')) await mkdir(join(dir, posix.normalize(`/${host.workingDir}`)), { recursive: true })
  }
  for (const { kind, source, origin } of mounts) {
    signal?.throwIfAborted()
    if (kind === 'bind') await copyContext(inFolder(folder, origin, source), join(tree, source), [])
    if (kind === 'secret') await writeSecret(stack, origin, folder, join(tree, source))
    if (kind === 'volume') await mkdir(join(tree, source), { recursive: true })
  }
  for (const mount of mounts) await makePlace(mount, tree, { fill: true })
}

/**
 * Something to mount at. With `fill` a volume that is still empty gets what is there already.
 */
async function makePlace({ kind, source, target }: TreeMount, tree: string, { fill }: { fill: boolean }): Promise<void> {
  const [from, place] = [join(tree, source), join(tree, target)]
  await mkdir(dirname(place), { recursive: true })
  const there = await lstat(place).catch(() => null)
  if (!(await stat(from)).isDirectory()) {
    if (there === null) await writeFile(place, '')
    return
  }
  if (there === null) await mkdir(place)
  else if (fill && kind === 'volume' && there.isDirectory() && (await readdir(from)).length === 0)
    await cp(place, from, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}

/** Symbolic links in the place of mounts, for a machine that can't mount. */
export async function linkMounts(stack: Stack, tree: string): Promise<void> {
  for (const mount of mountsOf(stack)) {
    const place = join(tree, mount.target)
    await makePlace(mount, tree, { fill: false })
    await rm(place, { recursive: true, force: true })
    await symlink(relative(dirname(place), join(tree, mount.source)), place)
  }
}

/** Places again, where a template was baked on a machine with links in their stead. */
export async function unlinkMounts(stack: Stack, tree: string): Promise<void> {
  for (const mount of mountsOf(stack)) {
    const place = join(tree, mount.target)
    if ((await lstat(place).catch(() => null))?.isSymbolicLink()) await unlink(place)
    await makePlace(mount, tree, { fill: false })
  }
}

async function writeSecret(stack: Stack, name: string, folder: string, to: string): Promise<void> {
  const secret = stack.secrets.find((known) => known.name === name)
  if (secret?.file !== null && secret?.file !== undefined) await copyContext(inFolder(folder, secret.file, `secret ${name}`), to, [])
  else {
    const variable = secret?.environment ?? ''
    const value = process.env[variable]
    if (value === undefined)
      throw new StandinError('blueprint_invalid', `secret "${name}": the environment variable ${variable || '(none named)'} is not set`, {
        hint: 'set it for the control plane, or give the secret a file',
      })
    await writeFile(to, value)
  }
  await chmod(to, 0o400)
}

/** A path of the blueprint; it can't lead out of the blueprint's folder. */
function inFolder(folder: string, path: string, what: string): string {
  const inside = isAbsolute(path) ? relative(folder, path) : normalize(path)
  if (inside === '..' || inside.startsWith('../') || isAbsolute(inside))
    throw new StandinError('blueprint_invalid', `${what}: "${path}" is outside of the blueprint's folder`)
  return join(folder, inside)
}
