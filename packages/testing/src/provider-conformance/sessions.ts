import type { LogLine } from '@standin/client'
import { expect, it } from 'vitest'
import type { Bench } from './bench.ts'
import { data, host, server, stackOf } from './stacks.ts'
import { collect, eventually, text } from './waits.ts'

/** Steps, shells, logs, measurements. */
export function rulesOfSessions(bench: () => Bench): void {
  it('runs a step with input, lines, exit code, and ends it when its time is up', async () => {
    await bench().create(stackOf(host('web')))
    const fed = await bench().run('web', 'while read line; do echo "got $line"; done; echo bad >&2; exit 7', { input: 'one\ntwo\n' })
    expect(fed.result).toMatchObject({ exitCode: 7, signal: null, timedOut: false })
    expect(fed.lines.sort()).toEqual(['bad', 'got one', 'got two'])
    const late = await bench().run('web', 'echo begun; sleep 1000', { timeoutMs: 3000 })
    expect(late.result).toMatchObject({ timedOut: true, tail: ['begun'] })
    // What it had started ends in its own time.
    await eventually(async () => expect(await bench().processes(1001)).toEqual([]))
    await expect(bench().run('nobody', 'true')).rejects.toMatchObject({ code: 'host_not_found' })
  })

  it('gives a shell whose input and output are streams', async () => {
    await bench().create(stackOf(server('web', { replicas: 2 })))
    await bench().handle.start(1001)
    const session = await bench().handle.exec(1001, {
      host: 'web',
      ordinal: 2,
      command: ['sh', '-c', 'echo $STANDIN_INSTANCE; cat; echo done >&2; exit 5'],
    })
    session.stdin.end('x'.repeat(300_000))
    const [out, err, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
    expect(out).toBe(`web-2\n${'x'.repeat(300_000)}`)
    expect({ err, exit }).toEqual({ err: 'done\n', exit: { exitCode: 5, signal: null } })
  })

  it('gives all that a command printed, also to who reads late', async () => {
    await bench().create(stackOf(host('web')))
    await bench().handle.start(1001)
    // Some of these fit between the command and its reader but for the last part, which is there when the command has ended.
    const sizes = [200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000]
    const read = sizes.map(async (size) => {
      const session = await bench().handle.exec(1001, { host: 'web', command: ['head', '-c', String(size), '/dev/zero'] })
      session.stdin.end()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const [out, , { exitCode }] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
      return [out.length, exitCode]
    })
    expect(await Promise.all(read)).toEqual(sizes.map((size) => [size, 0]))
  })

  it('keeps logs by instance, in order of time, also when nothing runs', async () => {
    const begun = Date.now()
    const say = (line: string) => `echo ${line}; sleep 0.3; touch data/${line}`
    const after = (line: string) => `until test -e data/${line}; do sleep 0.02; done`
    await bench().create(
      stackOf(
        host('a', { mounts: [data], command: `${say('one')}; ${after('two')}; echo three >&2; sleep 1000` }),
        host('b', { mounts: [data], command: `${after('one')}; ${say('two')}; sleep 1000` }),
      ),
    )
    await bench().handle.start(1001)
    const lines = async (query = {}): Promise<LogLine[]> => collect(bench().handle.logs(1001, query), ({ stream }) => stream !== 'system')
    await eventually(async () => expect((await lines()).map(({ line }) => line)).toEqual(['one', 'two', 'three']))
    await bench().handle.stop(1001)
    expect((await lines({ host: 'a' })).map(({ instance, stream, line }) => [instance, stream, line])).toEqual([
      ['a-1', 'stdout', 'one'],
      ['a-1', 'stderr', 'three'],
    ])
    expect(await lines({ until: begun - 1000 })).toEqual([])
    expect(await collect(bench().handle.logs(1001, { tail: 2 }))).toHaveLength(2)
  })

  it('follows logs until it is told to stop', async () => {
    await bench().create(stackOf(host('a', { command: 'n=0; while :; do n=$((n+1)); echo line $n; sleep 0.05; done' })))
    await bench().handle.start(1001)
    const enough = new AbortController()
    const seen: string[] = []
    for await (const { line, stream } of bench().handle.logs(1001, { follow: true, signal: enough.signal })) {
      if (stream === 'stdout') seen.push(line)
      if (seen.length === 6) enough.abort()
    }
    expect(seen.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `line ${n}`))
  })

  it('measures what hosts use', async () => {
    await bench().create(stackOf(server('web'), host('busy', { command: 'while :; do :; done' })))
    await bench().handle.start(1001)
    // Whoever is busy may not have had its turn yet.
    await eventually(async () => {
      const stats = await bench().handle.stats(1001)
      const of = (name: string) => stats.hosts.find((each) => each.name === name)
      expect(of('busy')?.cpu).toBeGreaterThan(of('web')?.cpu ?? 1)
      expect(of('web')?.memoryBytes).toBeGreaterThan(1 << 20)
      expect(stats.processes).toBeGreaterThanOrEqual(2)
    })
  })
}
