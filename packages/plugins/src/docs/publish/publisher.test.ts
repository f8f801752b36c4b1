import type { Event } from '@standin/client'
import { definePlugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { afterEach, describe, expect, it } from 'vitest'
import type { Page } from '../page/page.ts'
import { type IndexEntry, type PageWriter, TryLater } from '../writers/page-writer.ts'
import { Publisher } from './publisher.ts'

/** Pages in memory. */
class ShelfWriter implements PageWriter {
  readonly format = 'shelf-1'
  readonly id: string
  readonly pages = new Map<string, string>()
  indexes = 0
  index: readonly IndexEntry[] = []
  /** Before a page is put there. */
  onWrite: (page: Page) => Promise<void> = async () => {}

  constructor(id: string) {
    this.id = id
  }

  /** Once it is there. */
  onWritten: (page: Page) => Promise<void> = async () => {}

  async write(page: Page): Promise<string> {
    await this.onWrite(page)
    this.pages.set(page.key, JSON.stringify(page.blocks))
    await this.onWritten(page)
    return page.key
  }

  async remove({ key }: { key: string }): Promise<void> {
    this.pages.delete(key)
  }

  async finish(index: readonly IndexEntry[]): Promise<void> {
    this.indexes += 1
    this.index = index
  }
}

let booted: BootedPlugin | undefined
let heard: (event: Event) => void = () => {}
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
})

/** A publisher of these writers, as the plugin has it. */
async function boot(...writers: PageWriter[]): Promise<BootedPlugin> {
  const plugin = definePlugin({
    id: 'docs',
    config: Type.Object({}),
    setup(context) {
      const publisher = new Publisher(context, writers, { dryRun: false, sections: async () => [], onDone: () => {} })
      return {
        schedules: [{ id: 'minutely', cron: '* * * * *', run: ({ signal, print }) => publisher.round(signal, print) }],
        onEvent: async (event) => {
          if (event.environment !== null) publisher.touch(event.environment)
          heard(event)
        },
      }
    },
  })
  booted = await bootPlugin(plugin)
  return booted
}

/** Somebody changes something, and the publisher hears of it. */
async function told(change: () => Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  heard = ({ type }) => type === 'environment.changed' && resolve()
  await change()
  await promise
}
const once = (work: () => Promise<void>) => {
  let isDone = false
  return async () => {
    if (isDone) return
    isDone = true
    await work()
  }
}

describe('what changes while pages are written', () => {
  it('is written as it is then, by each writer', async () => {
    const [first, second] = [new ShelfWriter('first'), new ShelfWriter('second')]
    const plugin = await boot(first, second)
    await plugin.clone('shop-1')
    const shop = await plugin.clone('shop-2')
    first.onWrite = once(() => told(() => shop.update({ labels: { team: 'till' } })))
    second.onWrite = once(() => told(() => shop.update({ labels: { team: 'tills' } })))
    await plugin.advance('2m')
    for (const { pages } of [first, second]) expect(pages.get('1002')).toContain('tills')
  })
})

describe('what fails', () => {
  it('after the page is there takes it away with its environment, and has it in no index', async () => {
    const shelf = new ShelfWriter('shelf')
    const plugin = await boot(shelf)
    await plugin.clone('shop-1')
    shelf.onWritten = () => Promise.reject(new Error('the answer was lost'))
    await plugin.advance('1m')
    expect([[...shelf.pages.keys()], shelf.index]).toEqual([['1001'], []])
    await plugin.restart()
    await (await plugin.client.environments.get(1001)).delete({ purge: true })
    await plugin.advance('2m')
    expect([...shelf.pages.keys()]).toEqual([])
  })

  it('is tried again after 1, 2, 4 minutes, holds up no other page, and is told with how many there are', async () => {
    const shelf = new ShelfWriter('shelf')
    const plugin = await boot(shelf)
    for (const name of ['shop-1', 'shop-2', 'shop-3']) await plugin.clone(name)
    const tried: string[] = []
    shelf.onWrite = async ({ key }) => {
      if (key === '1003') return
      tried.push(key)
      throw new Error(`${key} is stuck`)
    }
    await plugin.advance('8m')
    expect([...shelf.pages.keys()]).toEqual(['1003'])
    expect(tried).toHaveLength(8)
    expect(plugin.plugin).toMatchObject({ message: 'shelf: 1001 is stuck (and 1 more)' })
  })

  it('where all have to wait is not asked again before its time, and is finished then', async () => {
    const shelf = new ShelfWriter('shelf')
    const plugin = await boot(shelf)
    for (const name of ['shop-1', 'shop-2']) await plugin.clone(name)
    let asked = 0
    shelf.onWrite = async () => {
      if (++asked === 1) throw new TryLater('slow down', 300_000)
    }
    await plugin.advance('5m')
    expect([asked, shelf.indexes, plugin.plugin.message]).toEqual([1, 0, 'shelf: slow down'])
    await plugin.advance('1m')
    expect([asked, shelf.indexes, plugin.plugin.message]).toEqual([3, 1, null])
  })
})
