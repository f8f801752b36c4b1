import { lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { StandinError } from '@standin/client'
import { hasExceptions, ignoreRules } from './ignore-rules.ts'
import type { BlueprintInput } from './parse-blueprint.ts'
import { isReserved } from './transport.ts'

/**
 * All paths that a blueprint's inputs are, folders before what is in them, each once.
 *
 * @throws StandinError `blueprint_invalid` where a symbolic link leads out of the folder.
 */
export async function listInputs(dir: string, inputs: readonly BlueprintInput[]): Promise<string[]> {
  const found = new Set<string>()
  for (const input of inputs) {
    for (let folder = posix.dirname(input.path); folder !== '.'; folder = posix.dirname(folder)) found.add(folder)
    if (input.kind === 'file') found.add(input.path)
    else await walk(dir, input, found)
  }
  return [...found].sort()
}

async function walk(dir: string, input: BlueprintInput, found: Set<string>): Promise<void> {
  const ignored = ignoreRules(input.ignore)
  const mayReturn = hasExceptions(input.ignore)
  const visit = async (within: string): Promise<void> => {
    for (const entry of await readdir(join(dir, input.path, within), { withFileTypes: true })) {
      const inner = within === '' ? entry.name : `${within}/${entry.name}`
      const path = posix.join(input.path, inner)
      if (isReserved(path)) continue
      const leftOut = ignored(inner)
      if (entry.isDirectory()) {
        if (!leftOut) found.add(path)
        if (!leftOut || mayReturn) await visit(inner)
      } else if (!leftOut && entry.isSymbolicLink()) {
        await refuseLinkOut(dir, path)
        found.add(path)
      } else if (!leftOut && entry.isFile()) {
        for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) found.add(folder)
        found.add(path)
      }
    }
  }
  const top = await lstat(join(dir, input.path))
  if (top.isSymbolicLink()) throw linkError(input.path, 'a build context is a folder, not a link')
  if (input.path !== '.') found.add(input.path)
  await visit('')
}

async function refuseLinkOut(dir: string, path: string): Promise<void> {
  const target = await readlink(join(dir, path))
  if (!staysInside(path, target)) throw linkError(path, `it leads to "${target}", out of the blueprint's folder`)
}

/** Whether a symbolic link at `path` with this target stays within the folder that paths are relative to. */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0') || target.includes('\\')) return false
  const resolved = posix.normalize(posix.join(dirname(path), target))
  return resolved !== '..' && !resolved.startsWith('../')
}

function linkError(path: string, message: string): StandinError {
  return new StandinError('blueprint_invalid', `the symbolic link ${path} can not be sent: ${message}`, {
    hint: 'Copy what it leads to, or name it in .dockerignore',
    errors: [{ path, message, file: path }],
  })
}
