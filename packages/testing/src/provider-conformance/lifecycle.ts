import { expect, it } from 'vitest'
import type { Bench } from './bench.ts'
import { after, check, host, server, sleeping, stackOf } from './stacks.ts'
import { eventually } from './waits.ts'

/** What is made, started, stopped, given up; by whom it is found. */
export function rulesOfLifecycle(bench: () => Bench): void {
  it('makes an environment of which nothing runs, and again without harm', async () => {
    expect((await bench().handle.observe(1001)).state).toBe('absent')
    expect((await bench().create(stackOf(host('web')))).state).toBe('created')
    expect((await bench().create(stackOf(host('web')))).state).toBe('created')
    expect((await bench().handle.list()).map(({ id, state }) => ({ id, state }))).toEqual([{ id: 1001, state: 'created' }])
  })

  it('starts, stops and starts again, each also twice', async () => {
    await bench().create(stackOf(server('web')))
    const first = await bench().handle.start(1001)
    expect(first.state).toBe('running')
    expect(await bench().get('web-1')).toBe('web-1')
    const again = await bench().handle.start(1001)
    expect(again.instances[0]?.generation).toBe(first.instances[0]?.generation)
    for (const _ of [1, 2]) expect((await bench().handle.stop(1001)).state).toBe('stopped')
    await expect(bench().get('web-1')).rejects.toThrow()
    const second = await bench().handle.start(1001)
    expect(second.instances[0]?.address).toBe(first.instances[0]?.address)
    expect(second.instances[0]?.generation).toBeGreaterThan(first.instances[0]?.generation ?? 0)
  })

  it('gives replicas addresses and names of their own', async () => {
    await bench().create(stackOf(server('web', { replicas: 3 })))
    const { instances } = await bench().handle.start(1001)
    expect(instances.map((instance) => instance.name)).toEqual(['web-1', 'web-2', 'web-3'])
    expect(new Set(instances.map(({ address }) => address)).size).toBe(3)
    for (const { name } of instances) expect(await bench().get(name)).toBe(name)
  })

  it('lets two environments have the same ports and the same names', async () => {
    const stack = stackOf(server('web'), host('peer', { command: 'sleep 1000' }))
    await Promise.all([bench().create(stack, 1001), bench().create(stack, 1002)])
    await Promise.all([bench().handle.start(1001), bench().handle.start(1002)])
    const ask = `node -e "fetch('http://'+process.env.STANDIN_HOST_WEB+':8080').then(r=>r.text()).then(console.log)"; echo $STANDIN_HOST_WEB $STANDIN_ENVIRONMENT_ID`
    for (const id of [1001, 1002]) {
      const { address } = await bench().instance('web-1', id)
      expect((await bench().run('peer', ask, { id })).lines).toEqual(['web-1', `${address} ${id}`])
    }
  })

  it('passes nothing on of its own environment', async () => {
    process.env.STANDIN_TEST_SECRET = 'hidden'
    try {
      await bench().create(stackOf(host('web')))
      const { lines } = await bench().run('web', 'env')
      expect(lines.join('\n')).not.toContain('STANDIN_TEST_SECRET')
      expect(lines).toContain('STANDIN_INSTANCE=web-1')
    } finally {
      delete process.env.STANDIN_TEST_SECRET
    }
  })

  it('gives a start up when it is told to, and can be asked again', async () => {
    await bench().create(
      stackOf(server('web', { dependsOn: [after('slow', 'service_completed_successfully')] }), host('slow', { command: 'sleep 0.6' })),
    )
    const giveUp = new AbortController()
    setTimeout(() => giveUp.abort(), 150)
    await expect(bench().handle.start(1001, { signal: giveUp.signal })).rejects.toThrow()
    expect((await bench().handle.start(1001)).state).toBe('running')
  })

  it('ends a start that a purge overtakes', async () => {
    await bench().create(stackOf(host('never', { ...sleeping, healthCheck: check({ exec: 'false' }, { startPeriodMs: 60_000 }) })))
    const start = bench()
      .handle.start(1001)
      .then(
        () => 'up',
        () => 'given up',
      )
    await eventually(async () => expect((await bench().handle.observe(1001)).state).toBe('starting'))
    await bench().handle.purge(1001)
    expect(await start).toBe('given up')
    expect((await bench().handle.observe(1001)).state).toBe('absent')
  })
}
