import { type Fault, StandinError } from '@standin/client'

type Made<T extends readonly (() => unknown)[]> = { -readonly [K in keyof T]: ReturnType<T[K]> }

/** What is wrong with it is at a place of the configuration: `/quotas/1`. */
export function madeAt<T>(path: string, make: () => T): () => T {
  return () => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof StandinError)) throw error
      const { code, message, hint } = error
      throw new StandinError(code, message, { ...(hint === undefined ? {} : { hint }), errors: [{ path, message }], cause: error })
    }
  }
}

/**
 * Makes each of them, whatever is wrong with the others, so that all of it is told at once.
 * @throws StandinError what one of them throws; `invalid` with all in `errors` where several do
 */
export function makeAll<const T extends readonly (() => unknown)[]>(...makers: T): Made<T> {
  const wrong: StandinError[] = []
  const made = makers.map((make) => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof StandinError)) throw error
      wrong.push(error)
      return undefined
    }
  })
  const [first, second] = wrong
  if (first !== undefined && second === undefined) throw first
  if (first !== undefined) {
    const errors = wrong.flatMap((error): readonly Fault[] => error.errors ?? [{ path: '', message: error.message }])
    throw new StandinError('invalid', errors.map(({ message }) => message).join('; '), { errors })
  }
  return made as Made<T>
}
