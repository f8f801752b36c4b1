import { StandinError } from '@standin/client'

const mostAttempts = 5

/** Read, decide and write again where somebody else wrote in between. */
export async function retryChanged<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const changed = error instanceof StandinError && error.code === 'changed_meanwhile'
      if (!changed || attempt === mostAttempts) throw error
    }
  }
}
