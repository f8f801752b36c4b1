import { expect, it } from 'vitest'
import type { Bench } from './bench.ts'
import { data, server, stackOf } from './stacks.ts'

/** Templates, clones, trash. */
export function rulesOfData(bench: () => Bench): void {
  it('bakes a template from which clones are made that share nothing', async () => {
    const stack = stackOf(server('web', { mounts: [data] }))
    await bench().create(stack)
    await bench().run('web', 'echo baked > data/base; echo code > made; ln -s data/base link')
    expect((await bench().handle.snapshot(1001, 'shop@1')).sizeBytes).toBeGreaterThan(0)
    expect(await bench().handle.listSnapshots()).toEqual(['shop@1'])
    await bench().handle.purge(1001)
    for (const id of [1002, 1003]) await bench().create(stack, id, { kind: 'template', key: 'shop@1' })
    await Promise.all([bench().handle.start(1002), bench().handle.start(1003)])
    await bench().run('web', 'echo mine > data/order; echo changed > data/base; rm made', { id: 1002 })
    expect((await bench().run('web', 'ls data; cat data/base made link', { id: 1003 })).lines).toEqual(['base', 'baked', 'code', 'baked'])
    await bench().handle.stop(1002)
    expect((await bench().run('web', 'cat data/order data/base; test -e made || echo gone', { id: 1002 })).lines).toEqual([
      'mine',
      'changed',
      'gone',
    ])
    await bench().handle.snapshot(1002, 'shop@2')
    await bench().create(stack, 1004, { kind: 'template', key: 'shop@2' })
    expect((await bench().run('web', 'cat data/order; test -e made || echo gone', { id: 1004 })).lines).toEqual(['mine', 'gone'])
    for (const id of [1002, 1003, 1004]) await bench().handle.purge(id)
    for (const key of ['shop@1', 'shop@2', 'shop@2']) await bench().handle.deleteSnapshot(key)
    expect(await bench().handle.listSnapshots()).toEqual([])
    await expect(bench().create(stack, 1005, { kind: 'template', key: 'shop@1' })).rejects.toMatchObject({ code: 'template_not_found' })
  })

  it('bakes and trashes only what does not run', async () => {
    await bench().create(stackOf(server('web')))
    await bench().handle.start(1001)
    await expect(bench().handle.snapshot(1001, 'shop@1')).rejects.toMatchObject({ code: 'state_conflict' })
    await expect(bench().handle.trash(1001)).rejects.toMatchObject({ code: 'state_conflict' })
    expect(await bench().handle.listSnapshots()).toEqual([])
  })

  it('keeps data in the trash, frees the rest, and brings it back stopped', async () => {
    await bench().create(stackOf(server('web', { mounts: [data] })))
    await bench().handle.start(1001)
    await bench().run('web', 'echo kept > data/file')
    await bench().handle.stop(1001)
    for (const _ of [1, 2]) await bench().handle.trash(1001)
    expect(await bench().handle.observe(1001)).toMatchObject({ state: 'trashed', instances: [] })
    await expect(bench().handle.start(1001)).rejects.toMatchObject({ code: 'state_conflict' })
    for (const _ of [1, 2]) expect((await bench().handle.restore(1001)).state).toBe('stopped')
    expect((await bench().handle.start(1001)).state).toBe('running')
    expect((await bench().run('web', 'cat data/file')).lines).toEqual(['kept'])
  })

  it('tells what disk an environment holds by itself, and that of no other, in the trash too', async () => {
    if (!bench().handle.can.storage) return
    const mebibyte = 2 ** 20
    const bytes = async (id: number) => (await bench().handle.storage(id)).bytes
    const stack = stackOf(server('web', { mounts: [data] }))
    await bench().create(stack)
    await bench().handle.snapshot(1001, 'shop@1')
    for (const id of [1002, 1003]) await bench().create(stack, id, { kind: 'template', key: 'shop@1' })
    const before = [await bytes(1002), await bytes(1003)] as const
    await bench().run('web', 'head -c 4194304 /dev/urandom > data/big; sync', { id: 1002 })
    expect((await bytes(1002)) - before[0]).toBeGreaterThan(3.5 * mebibyte)
    expect((await bytes(1002)) - before[0]).toBeLessThan(5 * mebibyte)
    expect(Math.abs((await bytes(1003)) - before[1])).toBeLessThan(mebibyte)
    await bench().handle.stop(1002)
    await bench().handle.trash(1002)
    expect((await bytes(1002)) - before[0]).toBeGreaterThan(3.5 * mebibyte)
    await bench().handle.purge(1002)
    await expect(bytes(1002)).rejects.toMatchObject({ code: 'environment_not_found' })
    for (const id of [1001, 1003]) await bench().handle.purge(id)
    await bench().handle.deleteSnapshot('shop@1')
  })
}
