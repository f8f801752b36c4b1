import { describe, expect, it } from 'vitest'
import { KeyedQueue } from './keyed-queue.ts'
import { Semaphore } from './semaphore.ts'

describe('KeyedQueue', () => {
  it('runs one task per key, and once more where it was kicked meanwhile', async () => {
    let running = 0
    let runs = 0
    const queue = new KeyedQueue(async () => {
      running += 1
      runs += 1
      expect(running).toBe(1)
      await new Promise((done) => setImmediate(done))
      running -= 1
    })
    for (let kick = 0; kick < 5; kick += 1) queue.kick(1)
    await queue.idle(1)
    expect(runs).toBe(2)
    expect(queue.isRunning(1)).toBe(false)
  })

  it('interrupts what runs and runs again with a signal of its own', async () => {
    const signals: AbortSignal[] = []
    const queue = new KeyedQueue(async (_, signal) => {
      signals.push(signal)
      if (signals.length === 1) await new Promise((done) => signal.addEventListener('abort', done))
    })
    queue.kick(1)
    queue.interrupt(1)
    await queue.idle(1)
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
  })

  it('waits for what runs when it is closed, but not for ever', async () => {
    const queue = new KeyedQueue(() => new Promise(() => {}))
    queue.kick(1)
    await queue.close(10)
    queue.kick(2)
    expect(queue.isRunning(2)).toBe(false)
  })
})

describe('Semaphore', () => {
  it('lets in so many at once, in order, and forgets who went away', async () => {
    const semaphore = new Semaphore(1)
    const order: string[] = []
    const gone = new AbortController()
    const never = new AbortController().signal
    const first = semaphore.run(never, async () => {
      await new Promise((done) => setImmediate(done))
      order.push('first')
    })
    const second = semaphore.run(gone.signal, async () => order.push('second'))
    const third = semaphore.run(never, async () => order.push('third'))
    gone.abort(new Error('superseded'))
    await expect(second).rejects.toThrow('superseded')
    await Promise.all([first, third])
    await semaphore.run(never, async () => order.push('fourth'))
    expect(order).toEqual(['first', 'third', 'fourth'])
  })
})
