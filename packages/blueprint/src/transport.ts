import { namePattern } from '@standin/client'
import Type from 'typebox'

/**
 * What travels with a blueprint's files and is none of them: an entry of the archive that is read into memory and never
 * written to disk, since variables may hold secrets.
 */
export const transportPath = '.standin/request.json'

export const Transport = Type.Object({
  /** The blueprint file, relative to the folder. */
  file: Type.String({ minLength: 1 }),
  /** Of the template, where the blueprint says none: the folder's name as it was called at home. */
  name: Type.Union([Type.String({ pattern: namePattern }), Type.Null()]),
  /** The variables of who builds that the blueprint uses, and no others. */
  variables: Type.Record(Type.String(), Type.String()),
})
export type Transport = Type.Static<typeof Transport>

/** Names below it are ours. */
export function isReserved(path: string): boolean {
  return path === '.standin' || path.startsWith('.standin/')
}
