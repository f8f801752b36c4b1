import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** @returns bytes in use afterwards, those of buffers among them */
export const collectGarbage = (): number => {
  collect()
  // The first one may still be giving buffers back when it returns.
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
