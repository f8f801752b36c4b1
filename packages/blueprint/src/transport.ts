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
  /** How who builds reaches the network: those of `networkVariables` that are set. */
  network: Type.Record(Type.String(), Type.String()),
})
export type Transport = Type.Static<typeof Transport>

/**
 * What programs find a proxy and certificates by. Steps of `provision` get these from who builds, as an image's build does,
 * so that they can install what is missing from wherever that person can. They are not kept with the template.
 */
export const networkVariables = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const

export function pickNetwork(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    networkVariables.flatMap((name) => {
      const value = environment[name]
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
}

/** Names below it are ours. */
export function isReserved(path: string): boolean {
  return path === '.standin' || path.startsWith('.standin/')
}
