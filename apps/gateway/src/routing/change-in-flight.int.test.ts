import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const first = 1001
const environments = 5_000

describe(`Among ${environments} environments`, () => {
  it('the change of one drops no request in flight, its own neither, and leaves the targets of the others as they are', async () => {
    const gateway = await use(startGateway())
    const begun: ServerResponse[] = []
    const [before, after] = await Promise.all([
      use(
        startHttpUpstream((_, res) => {
          res.write('begun ')
          begun.push(res)
        }),
      ),
      use(startHttpUpstream((_, res) => res.end('new'))),
    ])
    const ids = Array.from({ length: environments }, (_, index) => first + index)
    for (const id of ids) gateway.router.put(routeEntry(id, [before.port]))
    const changed = first + 2_500
    const asked = [...ids.filter((_, index) => index % 250 === 0), changed, changed]
    const answers = asked.map((id) => fetchThrough(gateway.port, id))
    await eventually('all are in flight', () => begun.length === asked.length)

    const targetOf = (id: number) => gateway.router.find(`www-${id}.${domain}`)
    const targets = new Map(ids.map((id) => [id, targetOf(id)]))
    gateway.router.put(routeEntry(changed, [after.port], { revision: 2 }))
    expect(ids.filter((id) => targetOf(id) !== targets.get(id))).toEqual([changed])
    expect((await fetchThrough(gateway.port, changed)).body).toBe('new')

    for (const res of begun) res.end('and ended')
    const bodies = (await Promise.all(answers)).map(({ status, body }) => `${status} ${body}`)
    expect(new Set(bodies)).toEqual(new Set(['200 begun and ended']))
    expect(gateway.ended.filter(({ flag }) => flag !== '')).toEqual([])
  })
})
