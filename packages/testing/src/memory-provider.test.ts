import { shopStack } from './fixtures/shop-stack.ts'
import { MemoryWorld, memoryProvider } from './memory-provider.ts'
import { describeProviderLifecycle } from './provider-lifecycle.ts'

// What tests stand on has to be as honest as what it stands for.
describeProviderLifecycle('memory', {
  provider: memoryProvider(new MemoryWorld()),
  config: {},
  spec: (id) => ({ id, name: 'shop', stack: shopStack(), source: { kind: 'template', key: 'build-0' } }),
})
