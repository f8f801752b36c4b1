/** The files of a new plugin, by their paths. The guide "Write a plugin" shows the same ones. */
export function newPluginFiles(id: string): Readonly<Record<string, string>> {
  return {
    'plugin.ts': pluginSource(id),
    'plugin.test.ts': testSource(id),
    'package.json': `${JSON.stringify({ name: id, private: true, type: 'module', exports: './plugin.ts', scripts: { test: 'node --test' } }, null, 2)}\n`,
  }
}

const pluginSource = (id: string) => `import type { Plugin } from '@standin/core'

/** What stands below \`with\` in standin.config.yaml. */
interface Config {
  readonly greeting: string
}

export default {
  id: '${id}',
  summary: 'Greets every new environment, and counts them each hour',
  config: {
    type: 'object',
    properties: { greeting: { type: 'string', default: 'hello', description: 'What it says to a new environment' } },
  },
  setup({ client, store }, { greeting }) {
    return {
      eventTypes: ['environment.created'],
      async onEvent(event) {
        if (event.environment === null) return
        // An event may come twice; the second time there is nothing left to do.
        const isNew = await store.compareAndSet(\`greeted/\${event.environment}\`, undefined, event.seq)
        if (!isNew) return
        const message = \`\${greeting}, \${event.data.name}\`
        await client.events.notify({ kind: '${id}.greeted', message, environment: event.environment })
      },
      schedules: [
        {
          id: 'count',
          cron: '0 * * * *',
          timeZone: 'Europe/Berlin',
          async run({ print }) {
            let count = 0
            for await (const environment of client.environments.iterate()) if (environment.isRunning()) count += 1
            print(\`\${count} running\`)
          },
        },
      ],
    }
  },
} satisfies Plugin<Config>
`

const testSource = (id: string) => `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootPlugin } from '@standin/testing/plugin'
import plugin from './plugin.ts'

test('${id} greets every new environment once', async () => {
  await using booted = await bootPlugin(plugin, { greeting: 'welcome' })
  await booted.clone('shop-1')
  await booted.restart()
  const { items } = await booted.client.events.list({ type: 'notice' })
  assert.deepEqual(items.map(({ data, actor }) => [data.message, actor]), [['welcome, shop-1', 'plugin:${id}']])
})

test('${id} counts what runs each hour', async () => {
  await using booted = await bootPlugin(plugin)
  await booted.clone('shop-1')
  await booted.advance('2h')
  assert.deepEqual(booted.runs('count').map(({ state, output }) => [state, output]), [['succeeded', '1 running\\n'], ['succeeded', '1 running\\n']])
})
`
