export * from './needs.ts'
export * from './platform.ts'
