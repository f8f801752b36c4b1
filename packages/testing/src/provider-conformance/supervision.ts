import type { Observed } from '@standin/core'
import { expect, it } from 'vitest'
import type { Bench } from './bench.ts'
import { after, check, host, server, sleeping, stackOf } from './stacks.ts'
import { eventually } from './waits.ts'

/** Order, health, restarts, and the words for what goes wrong. */
export function rulesOfSupervision(bench: () => Bench): void {
  it('starts hosts when what they depend on is ready, and stops them the other way round', async () => {
    const note = (line: string) => `echo ${line} >> shared/order`
    const shared = { mounts: [{ kind: 'volume' as const, source: 'shared', target: '/shared', readOnly: false }], stopGraceMs: 10_000 }
    const down = (line: string) => `trap '${note(`${line}-down`)}; exit 0' TERM; ${note(`${line}-up`)}; while :; do sleep 0.02; done`
    await bench().create(
      stackOf(
        host('last', { ...shared, command: down('last'), dependsOn: [after('middle', 'service_started')] }),
        host('middle', { ...shared, command: down('middle'), dependsOn: [after('job', 'service_completed_successfully')] }),
        host('job', { ...shared, command: `sleep 0.1; ${note('job-done')}`, dependsOn: [after('first', 'service_healthy')] }),
        host('first', { ...shared, command: `sleep 0.1; ${down('first')}`, healthCheck: check({ exec: 'test -s shared/order' }) }),
      ),
    )
    await bench().handle.start(1001)
    await eventually(async () => expect((await bench().run('job', 'cat shared/order')).lines).toHaveLength(4))
    await bench().handle.stop(1001)
    const { lines } = await bench().run('job', 'cat shared/order')
    const ups = lines.filter((line) => !line.endsWith('-down'))
    expect(ups.slice(0, 2)).toEqual(['first-up', 'job-done'])
    // Which of these two says so first is their own affair: `service_started` only waits for the process.
    expect(ups.slice(2).sort()).toEqual(['last-up', 'middle-up'])
    expect(lines.filter((line) => line.endsWith('-down'))).toEqual(['last-down', 'middle-down', 'first-down'])
  })

  it('starts only what is asked for and what that depends on', async () => {
    await bench().create(
      stackOf(server('web', { dependsOn: [after('db', 'service_started')] }), host('db', sleeping), host('other', sleeping)),
    )
    const { instances } = await bench().handle.start(1001, { hosts: ['web'] })
    expect(Object.fromEntries(instances.map(({ name, state }) => [name, state]))).toEqual({
      'web-1': 'running',
      'db-1': 'running',
      'other-1': 'pending',
    })
    expect((await bench().handle.start(1001)).instances.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  })

  it('follows the health of an instance', async () => {
    await bench().create(stackOf(server('web', { healthCheck: check({ http: { port: 8080, path: '/health' } }) })))
    expect((await bench().handle.start(1001)).instances[0]).toMatchObject({ state: 'running', health: 'healthy' })
    await bench().run('web', 'touch sick')
    await eventually(async () => expect(await bench().instance('web-1')).toMatchObject({ state: 'unhealthy', health: 'unhealthy' }))
    await bench().run('web', 'rm sick')
    await eventually(async () => expect(await bench().instance('web-1')).toMatchObject({ state: 'running', health: 'healthy' }))
  })

  it('says so when a health check never passes', async () => {
    const healthCheck = check({ exec: 'echo still cold; exit 1' }, { startPeriodMs: 100, intervalMs: 50, retries: 2 })
    await bench().create(stackOf(host('web', { ...sleeping, healthCheck })))
    await expect(bench().handle.start(1001)).rejects.toMatchObject({
      code: 'health_timeout',
      message: expect.stringMatching(/web-1.*still cold/),
    })
    expect(await bench().handle.observe(1001)).toMatchObject({ state: 'failed', failure: { code: 'health_timeout' } })
  })

  it('fails with the last words of a host that ends and is not to be restarted', async () => {
    await bench().create(stackOf(host('web', { command: 'echo no such customer >&2; exit 3', ports: [8080] })))
    await expect(bench().handle.start(1001)).rejects.toMatchObject({
      code: 'host_failed',
      message: expect.stringMatching(/web-1 exited with code 3 after .*no such customer/),
    })
    expect((await bench().handle.observe(1001)).state).toBe('failed')
    expect((await bench().handle.stop(1001)).state).toBe('stopped')
  })

  it('tells what to do about a host that listens on every address', async () => {
    // A port of its own: nobody else on this machine could listen on it meanwhile, whatever the address.
    await bench().create(stackOf(server('web', { environment: { LISTEN: '0.0.0.0', PORT: '18473' }, ports: [18473] })))
    await expect(bench().handle.start(1001)).rejects.toMatchObject({
      message: expect.stringMatching(/web-1 (listens|tried to listen) on 0\.0\.0\.0:18473.*\$STANDIN_ADDRESS/),
    })
  })

  it('restarts what its policy says, and reports it', async () => {
    const seen: Observed[] = []
    bench().handle.onChange((observed) => seen.push(observed))
    await bench().create(stackOf(server('web', { restart: { policy: 'always', maxRetries: null } })))
    const before = await bench().instanceAfterStart('web-1')
    const exit = async (restarts: number) => {
      await bench()
        .get('web-1', '/exit')
        .catch(() => {})
      await eventually(async () => {
        const after = await bench().instance('web-1')
        expect(after).toMatchObject({ state: 'running', restarts, address: before.address })
        expect(after.generation).toBeGreaterThan(before.generation)
        expect(seen.at(-1)).toMatchObject({ state: 'running', instances: [{ restarts }] })
      })
    }
    const wasSeen = () => seen.some(({ instances }) => instances[0]?.state === 'exited')
    // What was over before anybody could look is not told; the pause before the next start doubles each time.
    for (let restarts = 1; restarts === 1 || (restarts < 5 && !wasSeen()); restarts++) await exit(restarts)
    expect(wasSeen()).toBe(true)
  })

  it('gives up after as many restarts as the policy allows', async () => {
    await bench().create(stackOf(host('web', { command: 'exit 4', ports: [8080], restart: { policy: 'on-failure', maxRetries: 2 } })))
    await expect(bench().handle.start(1001)).rejects.toMatchObject({ message: expect.stringMatching(/code 4.*2 restarts/) })
    expect((await bench().instance('web-1')).restarts).toBe(2)
  })
}
