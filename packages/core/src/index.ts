export * from './duration.ts'
export * from './provider.ts'
