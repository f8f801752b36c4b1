export * from './fixtures/shop-stack.ts'
export * from './memory-provider.ts'
export * from './needs.ts'
export * from './platform.ts'
