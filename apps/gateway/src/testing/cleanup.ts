import { afterEach } from 'vitest'

/** Disposes of what a test has started, last first. Call it once in a test file. */
export const cleanup = (): (<T extends AsyncDisposable>(resource: Promise<T>) => Promise<T>) => {
  const started: AsyncDisposable[] = []
  afterEach(async () => {
    for (const resource of started.splice(0).reverse()) await resource[Symbol.asyncDispose]()
  })
  return async (resource) => {
    const one = await resource
    started.push(one)
    return one
  }
}
