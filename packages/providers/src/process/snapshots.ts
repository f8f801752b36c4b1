import { randomBytes } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Stack, StandinError } from '@standin/client'
import { copyTree, treeBytes } from './copy.ts'
import { type Isolation, overlayOptions, unshare } from './isolation.ts'
import { type EnvironmentRecord, type Layout, writeJson } from './layout.ts'
import { mountsOf } from './mounts.ts'
import { remove, removeWhole } from './remove.ts'
import { fault, mustSucceed, quote } from './shell.ts'

/** `template.json` */
interface TemplateRecord {
  readonly version: 1
  readonly sizeBytes: number
}

/** Templates: trees that nobody writes any more, each complete or not there at all. */
export class Snapshots {
  readonly #layout: Layout
  readonly #isolation: Isolation

  constructor(layout: Layout, isolation: Isolation) {
    this.#layout = layout
    this.#isolation = isolation
  }

  async list(): Promise<string[]> {
    return (await readdir(this.#layout.templates)).filter((name) => !name.startsWith('.')).sort()
  }

  async has(key: string): Promise<boolean> {
    return access(join(this.#layout.template(checked(key)), 'template.json')).then(
      () => true,
      () => false,
    )
  }

  tree(key: string): string {
    return join(this.#layout.template(checked(key)), 'tree')
  }

  /** Copies, and does not move: the environment stays whole whatever happens, and a reflink makes it free where there are any. */
  async bake(record: EnvironmentRecord, dir: string, key: string): Promise<{ sizeBytes: number }> {
    const place = this.#layout.template(checked(key))
    if (await this.has(key)) return { sizeBytes: await this.#size(key) }
    const half = join(this.#layout.tmp, `template-${randomBytes(6).toString('hex')}`)
    try {
      await mkdir(half)
      await this.#copy(record, dir, join(half, 'tree'))
      await clean(record.stack, join(half, 'tree'))
      const sizeBytes = await treeBytes(join(half, 'tree'))
      await writeJson(join(half, 'template.json'), { version: 1, sizeBytes } satisfies TemplateRecord, { durable: true })
      // Templates outlive everything: what is named must be on the disk.
      await mustSucceed('writing the template to the disk', ['sync', '-f', half])
      await rename(half, place)
      return { sizeBytes }
    } catch (error) {
      await remove(half)
      throw fault(`baking ${key}`, error)
    }
  }

  async delete(key: string): Promise<void> {
    await removeWhole(this.#layout.template(checked(key)), this.#layout.tmp)
  }

  async #size(key: string): Promise<number> {
    const text = await readFile(join(this.#layout.template(key), 'template.json'), 'utf8')
    return (JSON.parse(text) as TemplateRecord).sizeBytes
  }

  async #copy(record: EnvironmentRecord, dir: string, to: string): Promise<void> {
    if (record.layer.kind === 'full') return copyTree(join(dir, 'tree'), to, { isolation: this.#isolation, tmp: this.#layout.tmp })
    if (!this.#isolation.namespaces)
      throw new StandinError('provider_failed', 'an environment made with overlayfs can not be baked without it')
    const mnt = this.#layout.mountPoint
    const script = `mount -t overlay overlay -o ${overlayOptions(this.#isolation)} ${quote(mnt)} && exec cp -a --reflink=auto ${quote(mnt)} ${quote(to)}`
    await mustSucceed('copying the merged tree', [...unshare(this.#isolation), 'sh', '-c', script], { cwd: dir })
  }
}

/** Takes out what belongs to processes that are no more: sockets, pid files, the environment's own temporary files. */
async function clean(stack: Stack, tree: string): Promise<void> {
  await rm(join(tree, 'tmp'), { recursive: true, force: true })
  await mkdir(join(tree, 'tmp'), { mode: 0o1777 })
  await mustSucceed('removing sockets', ['find', tree, '-type', 's', '-delete'])
  const { stdout } = {
    stdout: await mustSucceed('looking for pid files', ['find', tree, '-type', 'f', '-name', '*.pid', '-size', '-2', '-print0']),
  }
  for (const path of stdout.split('\0').filter((found) => found !== '')) {
    // Only what reads like one: somebody's data may be called so too.
    if (/^\s*\d+\s*(\n|$)/.test(await readFile(path, 'utf8').catch(() => ''))) await rm(path, { force: true })
  }
  for (const { source } of mountsOf(stack)) await access(join(tree, source))
}

function checked(key: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,200}$/.test(key)) throw new StandinError('invalid', `"${key}" can't be the key of a template`)
  return key
}
