import type { Observed } from '@standin/core'
import { expect, it } from 'vitest'
import type { Bench, ConformanceSubject } from './bench.ts'
import { data, host, server, stackOf } from './stacks.ts'
import { eventually } from './waits.ts'

/** Control or the supervisor is killed; everything is purged. */
export function rulesOfRecovery(bench: () => Bench, subject: ConformanceSubject): void {
  it('adopts what runs when control was killed, and notices what ended meanwhile', async () => {
    await bench().create(stackOf(server('web', { replicas: 2 })))
    const { instances } = await bench().handle.start(1001)
    await bench().reopen()
    expect(await bench().handle.list()).toMatchObject([{ id: 1001, state: 'running' }])
    expect((await bench().handle.observe(1001)).instances.map(({ generation }) => generation)).toEqual(
      instances.map(({ generation }) => generation),
    )
    expect(await bench().get('web-2')).toBe('web-2')
    await bench().handle.suspend(1001)
    await bench().reopen()
    expect((await bench().handle.observe(1001)).state).toBe('suspended')
    await bench().handle.resume(1001)
    await bench().reopen({
      meanwhile: () =>
        fetch(`http://${instances[0]?.address}:8080/exit`).then(
          () => {},
          () => {},
        ),
    })
    await eventually(async () =>
      expect(await bench().handle.observe(1001)).toMatchObject({
        state: 'failed',
        failure: { message: expect.stringContaining('code 3') },
      }),
    )
    expect((await bench().handle.start(1001)).state).toBe('running')
  })

  it.skipIf(subject.killSupervisor === undefined)(
    'reports that its supervisor was killed, leaves nothing running, and starts again',
    async () => {
      const seen: Observed[] = []
      bench().handle.onChange((observed) => seen.push(observed))
      await bench().create(stackOf(server('web', { mounts: [data] })))
      await bench().handle.start(1001)
      await bench().run('web', 'echo kept > data/file')
      await subject.killSupervisor?.(bench().dataDir, 1001)
      await eventually(async () => expect(seen.at(-1)).toMatchObject({ state: 'stopped', failure: { code: 'provider_failed' } }))
      const again = await bench().handle.start(1001)
      expect(again).toMatchObject({ state: 'running', failure: null })
      expect(await bench().get('web-1')).toBe('web-1')
      expect((await bench().run('web', 'cat data/file')).lines).toEqual(['kept'])
    },
  )

  it('leaves nothing behind', async () => {
    await bench().create(stackOf(server('web', { mounts: [data] }), host('restless', { command: ['sh', 'restless.sh'] })))
    await bench().handle.start(1001)
    await bench().run('web', 'mkdir -p data/locked/in; chmod 0 data/locked')
    expect(await subject.leftovers(bench().dataDir, 1001)).not.toEqual([])
    for (const _ of [1, 2]) await bench().handle.purge(1001)
    expect(await bench().handle.list()).toEqual([])
    expect(await bench().processes(1001)).toEqual([])
    expect(await subject.leftovers(bench().dataDir, 1001)).toEqual([])
  })
}
