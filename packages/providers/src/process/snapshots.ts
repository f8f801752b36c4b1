import { randomBytes } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client'
import { type Isolation, overlayOptions, seeingAll, unshare } from './isolation.ts'
import { type EnvironmentRecord, type Layout, writeJson } from './layout.ts'
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
      const sizeBytes = await this.#copy(record, dir, join(half, 'tree'))
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

  async #copy(record: EnvironmentRecord, dir: string, to: string): Promise<number> {
    const overlay = record.layer.kind === 'overlay'
    if (overlay && !this.#isolation.namespaces)
      throw new StandinError('provider_failed', 'an environment made with overlayfs can not be baked without it')
    const from = overlay ? quote(this.#layout.mountPoint) : 'tree'
    const mount = overlay ? `mount -t overlay overlay -o ${overlayOptions(this.#isolation)} ${from}` : ':'
    const prefix = overlay ? unshare(this.#isolation) : seeingAll(this.#isolation)
    const copied = await mustSucceed('copying the tree', [...prefix, 'sh', '-c', bakeScript(mount, from, quote(to))], { cwd: dir })
    return Number.parseInt(copied, 10) * 1024
  }
}

/** Copies, and takes out what belongs to processes that are no more: temporary files, sockets, pid files. Prints KiB. */
function bakeScript(mount: string, from: string, to: string): string {
  const flags = process.platform === 'linux' ? '-a --reflink=auto --sparse=auto' : '-pR'
  // Only what reads like a pid file: somebody's data may be called so too.
  const pidFiles = `for file; do head -n 1 "$file" | grep -qE '^[[:space:]]*[0-9]+[[:space:]]*$' && rm -f "$file"; done; :`
  return `set -e
${mount}
cp ${flags} ${from} ${to}
rm -rf ${to}/tmp
mkdir -m 1777 ${to}/tmp
find ${to} -type s -exec rm -f {} +
find ${to} -type f -name '*.pid' -size -2 -exec sh -c ${quote(pidFiles)} sh {} +
du -sk ${to}`
}

function checked(key: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,200}$/.test(key)) throw new StandinError('invalid', `"${key}" can't be the key of a template`)
  return key
}
