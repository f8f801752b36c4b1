import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { type Fault, StandinError } from '@standin/client/errors'

/** A blueprint as it is named on the command line: a folder, or the Compose file in it. */
export interface BlueprintPlace {
  /** Absolute. */
  readonly dir: string
  /** Within the folder, where one was named. */
  readonly file?: string
}

/** Throws `invalid` where there is nothing. */
export async function findBlueprint(path: string): Promise<BlueprintPlace> {
  const found = await stat(path).catch(() => null)
  if (!found) throw new StandinError('invalid', `There is no ${path}.`, { hint: 'Name the folder of a blueprint, or its Compose file.' })
  const absolute = resolve(path)
  return found.isDirectory() ? { dir: absolute } : { dir: dirname(absolute), file: basename(absolute) }
}

/** Faults name files within the blueprint's folder; a person needs them from where they are. */
export function fromHere(dir: string, faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => {
    if (fault.file === undefined || isAbsolute(fault.file)) return fault
    const path = join(dir, fault.file)
    const near = relative(process.cwd(), path)
    return { ...fault, file: near.startsWith('..') ? path : near }
  })
}

/** The same error with its faults seen from here. */
export function placed(dir: string, error: unknown): unknown {
  if (!(error instanceof StandinError) || error.errors === undefined) return error
  return new StandinError(error.code, error.message, {
    errors: fromHere(dir, error.errors),
    cause: error,
    ...(error.hint ? { hint: error.hint } : {}),
  })
}
