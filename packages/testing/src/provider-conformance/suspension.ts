import { expect, it } from 'vitest'
import type { Bench, ConformanceSubject } from './bench.ts'
import { host, server, stackOf } from './stacks.ts'
import { eventually } from './waits.ts'

/** Nothing moves while it is suspended; nothing is left when it is stopped. */
export function rulesOfSuspension(bench: () => Bench, subject: ConformanceSubject): void {
  it('freezes every process, also those that run away, and thaws them', { timeout: 60_000 }, async () => {
    const environment = subject.contained ? { HOPPERS: '1 2 3 4 5 6' } : {}
    await bench().create(stackOf(server('web'), host('restless', { command: ['sh', 'restless.sh'], environment })))
    const { instances } = await bench().handle.start(1001)
    for (let round = 0; round < 5; round++) {
      for (const _ of [1, 2]) expect((await bench().handle.suspend(1001)).state).toBe('suspended')
      const frozen = await bench().processes(1001)
      expect(frozen.length).toBeGreaterThan(2)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const later = await bench().processes(1001)
      expect(later.map(({ pid }) => pid)).toEqual(frozen.map(({ pid }) => pid))
      // In D is who waits for a child that was frozen before it could exec (vfork(2)).
      expect(later.filter(({ state }) => !['T', 'D', 'Z'].includes(state))).toEqual([])
      for (const _ of [1, 2]) expect((await bench().handle.resume(1001)).state).toBe('running')
      await eventually(async () => expect((await bench().processes(1001)).map(({ pid }) => pid)).not.toEqual(later.map(({ pid }) => pid)))
    }
    await bench().handle.suspend(1001)
    expect((await bench().handle.observe(1001)).instances.map(({ state }) => state)).toEqual(['suspended', 'suspended'])
    await expect(bench().run('web', 'true')).rejects.toMatchObject({ code: 'state_conflict' })
    await bench().handle.resume(1001)
    expect(await bench().get('web-1')).toBe('web-1')
    expect((await bench().handle.observe(1001)).instances.map(({ generation }) => generation)).toEqual(
      instances.map(({ generation }) => generation),
    )
  })

  it('stops what is suspended', async () => {
    await bench().create(stackOf(server('web')))
    await bench().handle.start(1001)
    await bench().handle.suspend(1001)
    expect((await bench().handle.stop(1001)).state).toBe('stopped')
    expect(await bench().processes(1001)).toEqual([])
  })

  it('kills what does not heed the stop signal, and what its hosts left running', async () => {
    await bench().create(
      stackOf(host('deaf', { command: "trap '' TERM; setsid sleep 1000 & while :; do sleep 1; done", stopGraceMs: 100 })),
    )
    await bench().handle.start(1001)
    expect((await bench().handle.stop(1001)).state).toBe('stopped')
    expect(await bench().processes(1001)).toEqual([])
  })
}
