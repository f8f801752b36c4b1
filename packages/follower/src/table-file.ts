import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TableSnapshot } from '@standin/client'

/** So many entries are written in one turn of the event loop; a gateway has better to do than to wait for all of them. */
const entriesPerTurn = 100

/**
 * The last good table. @returns undefined where there is none yet
 * @throws Error when the file holds something else
 */
export async function readTableFile<T>(file: string, kind: string): Promise<TableSnapshot<T> | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const saved = JSON.parse(text)
  if (saved?.format !== formatOf(kind)) throw new Error(`it is not a table of ${kind}`)
  const { epoch, revision, domain, gateway, gatewayPort, nextId, items } = saved
  const whole =
    typeof epoch === 'string' &&
    Number.isInteger(revision) &&
    typeof domain === 'string' &&
    Array.isArray(gateway) &&
    (gatewayPort === undefined || Number.isInteger(gatewayPort)) &&
    Number.isInteger(nextId) &&
    Array.isArray(items) &&
    items.every((item) => Number.isInteger(item?.environment))
  if (!whole) throw new Error('something is missing in it')
  return { epoch, revision, domain, gateway, ...(gatewayPort === undefined ? {} : { gatewayPort }), nextId, items }
}

/**
 * Replace the file: whole and on disk, or not at all, and for its owner's eyes only.
 * @throws the file system's error; nothing half-written is left
 */
export async function writeTableFile<T>(file: string, kind: string, snapshot: TableSnapshot<T>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      for await (const text of serialize(kind, snapshot)) await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

/** What a process that was killed while it wrote has left behind. */
export async function removeLeftovers(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names) {
    const pid = name.startsWith(`${basename(file)}.`) ? /\.(\d+)\.tmp$/.exec(name)?.[1] : undefined
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(dirname(file), name), { force: true }).catch(() => undefined)
  }
}

async function* serialize<T>(kind: string, { items, ...head }: TableSnapshot<T>): AsyncGenerator<string> {
  yield `${JSON.stringify({ format: formatOf(kind), ...head }).slice(0, -1)},"items":[\n`
  for (let from = 0; from < items.length; from += entriesPerTurn) {
    const part = items.slice(from, from + entriesPerTurn).map((item) => JSON.stringify(item))
    yield (from === 0 ? '' : ',\n') + part.join(',\n')
    await nextTurn()
  }
  yield '\n]}\n'
}

const formatOf = (kind: string) => `standin-${kind}-1`

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
